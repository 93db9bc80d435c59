"""A test's cases by score, by patient and by subgroup, as a message carries them; all of it from a stranger."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct

from common.labels import NUM_CLASSES
from common.metrics.brier import brier_bounds
from common.metrics.case_sums import CaseSums
from common.metrics.clusters import DesignEffects
from common.metrics.confusion import Confusion
from common.metrics.likeness.counts import CELLS, EDGES, LikenessCounts, counts_problem
from common.metrics.score_bins import BINS, Histograms, first_bin
from common.metrics.subgroups import GROUPINGS, LONGEST, MOST_CELLS, Subgroup, Subgroups
from common.protocol.answers import Count, Number, typed
from common.protocol.postprocess import UnusableAnswer
from common.text import plain

_SQUARE = (NUM_CLASSES, NUM_CLASSES)
_CELLS = NUM_CLASSES * NUM_CLASSES
_EFFECTS = 1 + 3 * NUM_CLASSES
_MOST_SUBGROUPS = MOST_CELLS * len(GROUPINGS)
_WIDTH = np.dtype("<u4")  # every count takes as many bytes, so that the size says nothing
_SCORES = NUM_CLASSES * 2 * BINS * _WIDTH.itemsize
_LIKENESS = len(EDGES) + 3 * CELLS
_ROUNDING = 1e-6

_Scores = Annotated[bytes, Meta(min_length=_SCORES, max_length=_SCORES)]


class SubgroupNumbers(Struct, frozen=True):
    """One subgroup."""

    by: Literal["sex", "age", "scanner", "sequence"]
    cell: Annotated[str, Meta(min_length=1, max_length=LONGEST)]
    patients: Count
    confusion: Annotated[list[Count], Meta(min_length=_CELLS, max_length=_CELLS)]


class CaseNumbers(Struct, frozen=True, rename="kebab"):
    """The record, with its bounds."""

    scores: _Scores
    brier: Annotated[list[Number], Meta(min_length=NUM_CLASSES, max_length=NUM_CLASSES)]
    effects: Annotated[list[Number], Meta(min_length=_EFFECTS, max_length=_EFFECTS)]
    patient_confusion: Annotated[list[Count], Meta(min_length=_CELLS, max_length=_CELLS)]
    patient_scores: _Scores
    patient_source: Literal["guessed", "file name", "dicom", "manifest"]
    subgroups: Annotated[str, Meta(max_length=_MOST_SUBGROUPS * 1_000)]
    """JSON of a list of `SubgroupNumbers`."""
    subgroups_withheld: Count
    likeness: Annotated[list[Count], Meta(min_length=_LIKENESS, max_length=_LIKENESS)] | None = None
    """Whether each cut is made; then slices, right answers and patients of each bin, and zeros to the end."""


_Subgroups = Annotated[list[SubgroupNumbers], Meta(max_length=_MOST_SUBGROUPS)]


def cases_record(sums: CaseSums) -> Mapping[str, Any]:
    """Write the sums; the counts by score have four bytes each."""
    effects, cells = sums.effects, sums.subgroups.cells
    return {
        "scores": sums.scores.astype(_WIDTH).tobytes(),
        "brier": list(sums.brier),
        "effects": [effects.accuracy, *effects.own, *effects.others, *effects.both],
        "patient-confusion": sums.patient_confusion.ravel().tolist(),
        "patient-scores": sums.patient_scores.astype(_WIDTH).tobytes(),
        "patient-source": sums.patient_source,
        "subgroups": msgspec.json.encode(
            [SubgroupNumbers(each.by, each.cell, each.patients, each.confusion.ravel().tolist()) for each in cells]  # type: ignore[arg-type]
        ).decode(),
        "subgroups-withheld": sums.subgroups.withheld,
        **({"likeness": _likeness_numbers(sums.likeness)} if sums.likeness else {}),
    }


def read_cases(record: Any, confusion: Confusion, patients: int | None = None) -> CaseSums:
    """Read the sums of a test with this confusion matrix, and of so many patients.

    Raises
    ------
    UnusableAnswer
        If a number is missing, or they do not fit each other or the matrix.
    """
    unreadable = "its counts of cases cannot be read"
    found = typed(CaseNumbers, record, unreadable)
    try:
        sums = _sums(found)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        raise UnusableAnswer(unreadable) from None
    if problem := _problem(sums, confusion):
        raise UnusableAnswer(problem)
    if patients is not None and sums.patients != patients:
        raise UnusableAnswer(f"it says that it evaluated {sums.patients:,} patients, but it described {patients:,}")
    return sums


def _sums(found: CaseNumbers) -> CaseSums:
    accuracy, *rest = found.effects
    own, others, both = (tuple(rest[start : start + NUM_CLASSES]) for start in range(0, 3 * NUM_CLASSES, NUM_CLASSES))
    cells = tuple(
        Subgroup(each.by, each.cell, each.patients, np.asarray(each.confusion, dtype=np.int64).reshape(_SQUARE))
        for each in msgspec.json.decode(found.subgroups, type=_Subgroups)
    )
    return CaseSums(
        scores=_histograms(found.scores),
        brier=tuple(found.brier),
        effects=DesignEffects(accuracy, own, others, both),
        patient_confusion=np.asarray(found.patient_confusion, dtype=np.int64).reshape(_SQUARE),
        patient_scores=_histograms(found.patient_scores),
        patient_source=found.patient_source,
        subgroups=Subgroups(cells, found.subgroups_withheld),
        likeness=_likeness(found.likeness) if found.likeness else None,
    )


def _likeness_numbers(counts: LikenessCounts) -> list[int]:
    bins = [each + (0,) * (CELLS - len(each)) for each in (counts.slices, counts.right, counts.patients)]
    return [*(int(place in counts.cuts) for place in range(len(EDGES))), *(number for part in bins for number in part)]


def _likeness(numbers: list[int]) -> LikenessCounts:
    """Read the bins; raises ValueError for a cut that is neither made nor not, and for counts beyond the last bin."""
    made, rest = numbers[: len(EDGES)], numbers[len(EDGES) :]
    cuts = tuple(place for place, cut in enumerate(made) if cut)
    parts = [rest[start : start + CELLS] for start in range(0, len(rest), CELLS)]
    if max(made) > 1 or any(any(part[len(cuts) + 1 :]) for part in parts):
        raise ValueError("no bins")
    return LikenessCounts(cuts, *(tuple(part[: len(cuts) + 1]) for part in parts))


def _histograms(data: bytes) -> Histograms:
    return np.frombuffer(data, dtype=_WIDTH).astype(np.int64).reshape(NUM_CLASSES, 2, BINS)


def _problem(sums: CaseSums, confusion: Confusion) -> str | None:
    patients, total = sums.patient_confusion, int(confusion.sum())
    if not _fits(sums.scores, confusion):
        return "its counts by score do not fit its counts by class"
    for value, least, most in zip(sums.brier, *brier_bounds(sums.scores), strict=True):
        if not least - _ROUNDING * (total + 1) <= value <= most + _ROUNDING * (total + 1):
            return "its Brier score does not fit its counts by score"
    if (patients.sum(axis=1) > confusion.sum(axis=1)).any() or bool(total) != bool(patients.sum()):
        return "its counts of patients do not fit its counts of slices"
    if not _fits(sums.patient_scores, patients):
        return "its patients' counts by score do not fit their counts by class"
    effects = [sums.effects.accuracy, *sums.effects.own, *sums.effects.others, *sums.effects.both]
    if not all(1 <= effect <= max(total, 1) for effect in effects):
        return "its design effects cannot be"
    if sums.likeness and (problem := counts_problem(sums.likeness, total, int(np.trace(confusion)))):
        return problem
    return _subgroup_problem(sums, confusion)


def _fits(scores: Histograms, confusion: Confusion) -> bool:
    """Tell whether cases with these scores can have been named so: above a half it is that class, below a quarter not.

    A probability of just a half stands for two classes, so its bin is left out.
    """
    support, right = confusion.sum(axis=1), np.diagonal(confusion)
    held = np.stack([support, confusion.sum() - support], axis=1)
    named = np.stack([right, confusion.sum(axis=0) - right], axis=1)
    sure, never = scores[:, :, first_bin(0.5) + 1 :].sum(axis=2), scores[:, :, : first_bin(0.25)].sum(axis=2)
    return bool((scores.sum(axis=2) == held).all() and (sure <= named).all() and (never <= held - named).all())


def _subgroup_problem(sums: CaseSums, confusion: Confusion) -> str | None:
    cells = sums.subgroups.cells
    if len({(each.by, each.cell) for each in cells}) < len(cells):
        return "it tells a subgroup twice"
    if any(plain(each.cell, LONGEST) != each.cell for each in cells):
        return "a subgroup's name cannot be shown"
    if not all(1 <= each.patients <= each.confusion.sum() for each in cells):
        return "a subgroup's patients do not fit its slices"
    for by in GROUPINGS:
        own = [each for each in cells if each.by == by]
        if len(own) > MOST_CELLS or (sum((each.confusion for each in own), start=0 * confusion) > confusion).any():
            return "its subgroups do not fit its counts by class"
    return None
