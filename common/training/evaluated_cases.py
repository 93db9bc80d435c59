"""What an evaluation is told of its slices: whose they are, and the cell of each in every grouping."""

from collections.abc import Callable

from common.data.identity.patients import CaseFacts, Patients
from common.metrics.case_sums import Cases
from common.metrics.likeness.counts import Likenesses
from common.metrics.subgroups import GROUPINGS, LONGEST
from common.text import plain
from common.training.batches import Indices

_AGES = ((18, "0 to 17"), (40, "18 to 39"), (60, "40 to 59"), (80, "60 to 79"), (150, "80 and over"))
_SEXES = {"F": "female", "M": "male", "O": "other"}


def age_band(age: float | None) -> str:
    """Return the band of an age in years; empty for none, and for what can be none."""
    if age is None or not age >= 0:
        return ""
    return next((band for end, band in _AGES if age < end), "")


_CELLS: dict[str, Callable[[CaseFacts], str]] = {
    "sex": lambda facts: _SEXES.get(facts.sex, ""),
    "age": lambda facts: age_band(facts.age),
    "scanner": lambda facts: plain(facts.scanner, LONGEST),
    "sequence": lambda facts: plain(facts.sequence, LONGEST),
}


def evaluated_cases(
    patients: Patients, indices: Indices, smallest_cell: int, likeness: Likenesses | None = None
) -> Cases:
    """Gather what is known of the slices at `indices`.

    Parameters
    ----------
    smallest_cell : int
        Least slices of a subgroup, or of a bin by likeness, that may be told.
    likeness : ndarray of float64, optional
        Of each of these slices to the nearest one of training.
    """
    facts = [patients.facts[index] for index in indices]
    groupings = {by: [_CELLS[by](each) for each in facts] for by in GROUPINGS}
    return Cases(patients.number[indices], patients.source_of(indices), groupings, smallest_cell, likeness=likeness)
