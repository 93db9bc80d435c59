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
from bench.privacy_audit.canaries import DELTA, outside_bound
from bench.privacy_audit.read_run import Places, read_run
from bench.privacy_audit.verdict import meaning, verdict
from common.artifacts.layout import RunFolder
from common.artifacts.privacy.audit import PrivacyAudit, read_audit, write_audit
from common.files import absolute


@dataclass(frozen=True)
class Wanted:
    """What is to be done."""

    parts: Sequence[str]
    canaries: int
    shadow_models: int
    seed: int
    pictures: Path | None


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
    settings = {"canaries": wanted.canaries, "shadow_models": wanted.shadow_models, "seed": wanted.seed}
    found = replace(before or PrivacyAudit(), run=run_id, settings=settings, claimed_epsilon=claimed, delta=_delta(run))
    for part in wanted.parts:
        tell(f"{part} ...")
        found = replace(_attacked(part, run, wanted, found), finished=datetime.now(UTC).isoformat(timespec="seconds"))
        write_audit(folder, found)
    return show(found)


def _attacked(part: str, run: AuditedRun, wanted: Wanted, found: PrivacyAudit) -> PrivacyAudit:
    if part == "canaries":
        return replace(found, canaries=outside_bound(run, wanted.canaries, wanted.seed, found.delta or DELTA))
    return found


def _delta(run: AuditedRun) -> float | None:
    return None


def show(found: PrivacyAudit) -> int:
    """Print what was found; 1 where the claim is refuted."""
    console = Console(highlight=False, soft_wrap=True)
    if found.canaries is None:
        return 0
    console.print(verdict(found.claimed_epsilon, found.canaries))
    console.print(meaning(found.canaries))
    shown, claimed = found.canaries.epsilon_lower_bound, found.claimed_epsilon
    return int(None not in (shown, claimed) and shown > claimed)  # type: ignore[operator]


def tell(text: str) -> None:
    """Say how far the audit is."""
    print(text, file=sys.stderr, flush=True)
