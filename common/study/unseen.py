"""What patients and hospitals that a model has not seen would see of it, beside what its own split says.

A study of folds tests every slice once, by a model that saw none of its group: a new patient of these hospitals.
External tests are at a hospital that took no part in the training: a new hospital.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from common.labels import CLASSES
from common.study.folds import difference_over_folds, fold_differences
from common.study.groups import Seeds, known, over_groups
from common.study.records import Study
from common.study.statistics import (
    ACCURACY,
    MEASURES,
    Estimate,
    Verdict,
    confusion_at,
    estimate,
    many,
    points,
    seeds,
    student,
    verdict,
)
from common.study.views import at_home, at_new_hospitals, countable

NEW_PATIENT = "What would a new patient see?"
NEW_HOSPITAL = "What would a new hospital see?"
KINDS = {"folds": NEW_PATIENT, "external": NEW_HOSPITAL}


@dataclass(frozen=True)
class Unseen:
    """One strategy's figures on what its models did not see; fractions."""

    kind: str
    """One of `KINDS`."""
    strategy: str
    accuracy: Estimate
    """Over all hospitals, each slice counting once."""
    recalls: Mapping[str, Estimate]
    """By class; without those that nothing was tested of."""
    hospitals: Mapping[str, Estimate]
    """Each hospital's accuracy."""
    slices: int
    """Tested with one seed."""
    left_out: int
    """Slices of classes that no training hospital holds; not among `slices`."""
    own_split: Estimate | None
    """Accuracy as the run's own split says it; None where no such run is known."""

    @property
    def worst(self) -> str | None:
        """The hospital with the lowest accuracy; None below two."""
        return min(self.hospitals, key=self._accuracy_at) if len(self.hospitals) > 1 else None

    @property
    def best(self) -> str | None:
        """The hospital with the highest accuracy; None below two."""
        return max(self.hospitals, key=self._accuracy_at) if len(self.hospitals) > 1 else None

    def _accuracy_at(self, hospital: str) -> float:
        return self.hospitals[hospital].mean


def new_patients(study: Study, strategy: str) -> Unseen | None:
    """Return a strategy's figures over all folds; None where no seed has them all."""
    if not study.folds:
        return None
    return _unseen("folds", study, strategy, study.seeds_of(strategy), study.cells_of(strategy))


def new_hospitals(study: Study, strategy: str) -> Unseen | None:
    """Return a strategy's figures at hospitals that were left out; None where no seed has them all."""
    if not study.external:
        return None
    return _unseen("external", study, strategy, at_new_hospitals(study, strategy), at_home(study, strategy))


UNSEEN: Mapping[str, Callable[[Study, str], Unseen | None]] = {"external": new_hospitals, "folds": new_patients}
"""The most honest first."""


def _unseen(kind: str, study: Study, strategy: str, tests: Seeds, own: Seeds) -> Unseen | None:
    accuracy = over_groups(tests, ACCURACY, study.hospitals)
    if accuracy is None:
        return None
    at = {name: over_groups(tests, ACCURACY, (name,)) for name in study.hospitals}
    first = confusion_at(next(iter(tests.values())), study.hospitals)
    return Unseen(
        kind=kind,
        strategy=strategy,
        accuracy=accuracy,
        recalls=_recalls(tests, study.hospitals),
        hospitals={name: found for name, found in at.items() if found},
        slices=int(first.sum()) if first is not None else 0,
        left_out=_left_out(study, strategy) if kind == "external" else 0,
        own_split=over_groups(own, ACCURACY, study.hospitals),
    )


def _recalls(tests: Seeds, places: Sequence[str]) -> dict[str, Estimate]:
    measures = {each.key.removeprefix("recall_"): each for each in MEASURES}
    found = {label: over_groups(tests, measures[label], places) for label in CLASSES}
    return {label: each for label, each in found.items() if each}


def _left_out(study: Study, strategy: str) -> int:
    """Count one seed's slices of classes that only the hospital under test holds."""
    total = 0
    for name in study.hospitals:
        results = study.cells_of(strategy, without=name).values()
        outside = next((each.external for each in results if each.external), None)
        total += countable(study, name, outside.confusion).left_out if outside else 0
    return total


@dataclass(frozen=True)
class UnseenDifference:
    """Two strategies on what neither saw, subject minus reference."""

    kind: str
    subject: str
    reference: str
    estimate: Estimate | None
    """Of accuracy over all hospitals, fractions; its interval is over pairs of folds, or over hospitals."""
    verdict: Verdict
    pairs: tuple[float, ...] = ()
    """The differences that the interval rests on: of each fold and seed, or of each hospital over seeds."""

    @property
    def words(self) -> str:
        """The verdict, and how far the single pairs spread, without a full stop."""
        if len(self.pairs) < 2:
            return self.verdict.words
        each = "fold by fold" if self.kind == "folds" else "hospital by hospital"
        ends, spread = (points(end(self.pairs)) for end in (min, max)), 100 * float(np.std(self.pairs, ddof=1))
        return f"{self.verdict.words}; {each} from {' to '.join(ends)}, with a standard deviation of {spread:.1f}"


def unseen_difference(study: Study, kind: str, subject: str, reference: str) -> UnseenDifference:
    """Compare two strategies; paired by fold and seed, or by hospital."""
    if kind == "folds":
        found = difference_over_folds(study, subject, reference, ACCURACY, study.hospitals)
        pairs, rests_on = fold_differences(study, subject, reference, ACCURACY, study.hospitals), on_folds
    else:
        tests = [at_new_hospitals(study, name) for name in (subject, reference)]
        pairs = [each.mean for name in study.hospitals if (each := estimate(_paired(tests, (name,))))]
        found, rests_on = _around(estimate(_paired(tests, study.hospitals)), pairs), _on_hospitals
    judged = verdict(found, None, rests_on(study, found.n) if found else None)
    return UnseenDifference(kind, subject, reference, found, judged, tuple(pairs))


def on_folds(study: Study, number: int) -> str:
    """Say what a difference over folds rests on: "five folds with one seed"."""
    return f"{many(study.folds, 'fold')} with {seeds(number)}"


def _on_hospitals(study: Study, number: int) -> str:
    return f"{many(len(study.hospitals), 'hospital')} with {seeds(number)}"


def _around(found: Estimate | None, pairs: Sequence[float]) -> Estimate | None:
    """Put Student's interval of the hospitals' own differences around the difference over all of them."""
    among = estimate(pairs)
    if found is None or among is None or among.spread is None:
        return replace(found, interval=None) if found else None
    half = student(among.n - 1) * among.spread / among.n**0.5
    return replace(found, interval=(max(found.mean - half, -1.0), min(found.mean + half, 1.0)))


def _paired(tests: Sequence[Seeds], places: Sequence[str]) -> list[float]:
    one, other = (known(each, ACCURACY, places) for each in tests)
    return [value - other[seed] for seed, value in one.items() if seed in other]
