"""All attacks on one run, one after the other; what each finds is printed and written as soon as it is known."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace
from rich.console import Console

from bench.privacy_audit.audited import AuditedRun
from bench.privacy_audit.canaries import DELTA, inside_bound, outside_bound
from bench.privacy_audit.gradient_match import Search
from bench.privacy_audit.inversion import inversion
from bench.privacy_audit.membership import membership
from bench.privacy_audit.read_run import Places, read_run
from bench.privacy_audit.verdict import show
from common.artifacts.layout import RunFolder
from common.artifacts.privacy.audit import PrivacyAudit, read_audit, write_audit
from common.artifacts.privacy.audit_words import is_refuted
from common.files import absolute


@dataclass(frozen=True)
class Wanted:
    """What is to be done."""

    parts: Sequence[str]
    canaries: int
    shadow_models: int
    seed: int
    iterations: int
    """Of the search for a picture."""
    pictures: Path | None

    def as_settings(self) -> dict[str, int]:
        """Return what is recorded beside the figures."""
        names = ("canaries", "shadow_models", "seed", "iterations")
        return {name: getattr(self, name) for name in names}


def attack(run_id: str, places: Places, wanted: Wanted) -> int:
    """Attack a run; 1 where its claim is refuted, else 0.

    Raises
    ------
    InputError
        As `read_run`, and those of each attack.
    """
    run = read_run(run_id, places)
    folder = RunFolder(absolute(places.output_dir), run_id).path
    claimed = max((claim.epsilon for claim in run.claims.values()), default=None)
    before, _ = read_audit(folder)
    settings = wanted.as_settings()
    found = replace(
        before or PrivacyAudit(),
        run=run_id,
        settings=settings,
        claimed_epsilon=claimed,
        delta=run.plan.dp.delta or None,
    )
    for part in wanted.parts:
        found = replace(_attacked(part, run, wanted, found), finished=datetime.now(UTC).isoformat(timespec="seconds"))
        write_audit(folder, found)
    show(found, Console(highlight=False))
    return int(is_refuted(found, claimed))


def _attacked(part: str, run: AuditedRun, wanted: Wanted, found: PrivacyAudit) -> PrivacyAudit:
    """Return what is known with one attack more."""
    if part == "canaries":
        return _with_canaries(run, wanted, found)
    if part == "membership":
        return replace(found, membership=membership(run, wanted.shadow_models, tell))
    return replace(found, inversion=inversion(run, Search(wanted.iterations), wanted.pictures, tell))


def _with_canaries(run: AuditedRun, wanted: Wanted, found: PrivacyAudit) -> PrivacyAudit:
    """Bound epsilon from outside, and from inside where there is a mechanism to look into; that is the closer bound."""
    tell("canaries, by the model alone")
    outside = outside_bound(run, wanted.canaries, wanted.seed, found.delta or DELTA)
    if not run.claims:
        return replace(found, canaries=outside, outside=None)
    tell("canaries, by every noisy gradient")
    return replace(found, canaries=inside_bound(run, wanted.canaries, wanted.seed), outside=outside)


def tell(text: str) -> None:
    """Say how far the audit is."""
    print(text, file=sys.stderr, flush=True)
