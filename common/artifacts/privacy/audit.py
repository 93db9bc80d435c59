"""``privacy_audit.json``: what attacks on a run found, beside what the run claims; written by ``bench.privacy_audit``.

An attack that was not run is null, in the file and here.
"""

from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct

from common.artifacts.layout import PRIVACY_AUDIT
from common.artifacts.load import read_record
from common.artifacts.schema import Count, Epsilon, Fraction, Interval, Number, Text, to_json
from common.artifacts.values import Notes, mapping, read_json
from common.errors import Problem
from common.files import write_json

Similarity = Annotated[float, Meta(ge=-1.0, le=1.0)]


class Canaries(Struct, frozen=True):
    """A lower bound on epsilon, by guesses which planted patients were trained on (Steinke et al., 2305.08846)."""

    canaries: Count | None = None
    guesses: Count | None = None
    right: Count | None = None
    epsilon_lower_bound: Epsilon | None = None
    confidence: Fraction | None = None  # that epsilon is no lower
    score: Text | None = None  # what was guessed by
    epsilon_most: Epsilon | None = None  # the bound had all guesses been right: no more can be shown with so many


class RocPoint(Struct, frozen=True):
    """One threshold of an attack."""

    false_positives: Fraction | None = None  # share of the others that are accused
    true_positives: Fraction | None = None  # share of the training slices that are found


class Membership(Struct, frozen=True):
    """How well an attack tells slices of training from others; an AUROC of 0.5 is chance."""

    method: Text | None = None
    shadow_models: Count | None = None
    auroc: Fraction | None = None
    auroc_interval: Interval | None = None  # 95 %
    tpr_at_fpr_1: Fraction | None = None  # true-positive rate where 1 % of the others are accused
    slices: Count | None = None  # that were judged
    member_slices: Count | None = None  # of these, in the run's training
    patients: Count | None = None
    member_patients: Count | None = None
    auroc_patients: Fraction | None = None  # of patients, each by the mean over its slices
    auroc_patients_interval: Interval | None = None
    roc: tuple[RocPoint, ...] | None = None  # a few points of the slices' curve
    seconds: Number | None = None


class Inversion(Struct, frozen=True):
    """How near pictures made from one update come to the slices that it was trained on; means over `images`."""

    batch: Count | None = None
    psnr_db: Number | None = None
    ssim: Similarity | None = None
    images: Count | None = None
    blind_psnr_db: Number | None = None  # of the mean slice of others, for which no update is needed
    blind_ssim: Similarity | None = None
    seconds: Number | None = None


class PrivacyAudit(Struct, frozen=True):
    """All attacks on one run."""

    run: Text | None = None
    settings: dict[str, Any] = {}  # of the attacks
    claimed_epsilon: Epsilon | None = None  # the run's own, of the hospital that spent most; null without DP
    delta: Fraction | None = None
    canaries: Canaries | None = None  # the closest look there is: with DP at every noisy gradient, else at the model
    outside: Canaries | None = None  # with DP, by the model alone
    membership: Membership | None = None
    inversion: tuple[Inversion, ...] | None = None
    finished: Text | None = None  # ISO 8601 with a zone


def read_audit(folder: Path) -> tuple[PrivacyAudit | None, tuple[Problem, ...]]:
    """Read the audit in a run's folder; None where there is none, and a sentence for each value that does not fit."""
    notes = Notes(PRIVACY_AUDIT)
    raw = read_json(folder / PRIVACY_AUDIT, notes)
    if raw is not None and not mapping(raw):
        notes.add(f"{PRIVACY_AUDIT} does not hold an object; it was left out.")
    found = read_record(PrivacyAudit, raw, notes, "the audit") if mapping(raw) else None
    if found and found.run not in (None, folder.name):
        notes.add(f"{PRIVACY_AUDIT} is that of {found.run}; it was left out.")
        found = None
    return found, tuple(notes.problems)


def write_audit(folder: Path, audit: PrivacyAudit) -> None:
    """Replace the audit in a run's folder, in one step.

    Raises
    ------
    RunError
        ``DISK001`` it cannot be written.
    ValueError
        A figure is NaN or infinite.
    """
    write_json(folder / PRIVACY_AUDIT, to_json(audit))
