"""Confusion matrices of subgroups, such that no small one can be told, nor worked out from what is told.

Small is fewer than `smallest` slices, or fewer than `LEAST_PATIENTS` patients. All cells of one grouping, the one of
unknown value included, add up to the whole, which is known. So what is not told adds up to a difference: if it is one
cell, or small together, the next smallest is kept back too (complementary suppression; Cox, *JASA* 75, 1980). Cells of
two groupings can differ by few slices, such as all of one scanner and all of one sequence: of two that do, the smaller
is kept back. Differences of more than two cells are not looked for, and nor are those of several runs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from common.metrics.confusion import Confusion, count_confusion
from common.metrics.score_bins import Labels

SMALLEST = 10
LEAST_PATIENTS = 3
MOST_CELLS = 12
"""Of one grouping that are told; the largest."""
LONGEST = 60  # characters of a cell's name
GROUPINGS: tuple[str, ...] = ("sex", "age", "scanner", "sequence")

Members = npt.NDArray[np.bool_]
"""Which cases, shape ``[N]``."""


@dataclass(frozen=True)
class Subgroup:
    """One cell of a grouping that may be told."""

    by: str
    """One of `GROUPINGS`."""
    cell: str
    patients: int
    confusion: Confusion


@dataclass(frozen=True)
class Subgroups:
    """Of one hospital or of several."""

    cells: tuple[Subgroup, ...] = ()
    withheld: int = 0
    """Cells that were kept back."""


def count_subgroups(
    true: Labels, predicted: Labels, patient: Labels, groupings: Mapping[str, Sequence[str]], smallest: int = SMALLEST
) -> Subgroups:
    """Count the cells that may be told.

    Parameters
    ----------
    groupings : mapping of str to sequence of str
        For each of `GROUPINGS`, the cell of each case, empty where it is not known.
    smallest : int
        Least slices of a cell.
    """
    cells = {
        (by, name): np.asarray([each == name for each in of])
        for by, of in groupings.items()
        for name in sorted(set(of))
        if any(of)
    }
    told = _tellable(cells, patient, smallest)
    found = [
        Subgroup(by, name, _patients(members, patient), count_confusion(true[members], predicted[members]))
        for (by, name), members in cells.items()
        if name and (by, name) in told
    ]
    return Subgroups(tuple(found), sum(1 for by, name in cells if name and (by, name) not in told))


def _tellable(cells: Mapping[tuple[str, str], Members], patient: Labels, smallest: int) -> set[tuple[str, str]]:
    """Return the cells from which nothing small can be worked out: take away until nothing is left to take."""
    order = sorted(cells, key=lambda key: (cells[key].sum(), key))
    told = set(order)

    def small(members: Members) -> bool:
        return int(members.sum()) < smallest or _patients(members, patient) < LEAST_PATIENTS

    for by in dict.fromkeys(by for by, _ in order):
        own = [key for key in order if key[0] == by]
        told -= {key for key in own[:-MOST_CELLS] if len(own) > MOST_CELLS}
    told -= {key for key in order if small(cells[key])}
    while worse := _next_out(cells, [key for key in order if key in told], small, smallest):
        told.remove(worse)
    return told


def _next_out(
    cells: Mapping[tuple[str, str], Members],
    told: Sequence[tuple[str, str]],
    small: Callable[[Members], bool],
    smallest: int,
) -> tuple[str, str] | None:
    """Return the next cell to keep back, the smallest that gives something away, or None; `told` from the smallest."""
    rest: dict[str, list[Members]] = {}
    for key, members in cells.items():
        if key not in told:
            rest.setdefault(key[0], []).append(members)
    for key in told:
        kept = rest.get(key[0], [])
        if kept and (len(kept) == 1 or small(np.logical_or.reduce(kept))):
            return key
    known = [*(cells[key] for key in told), *(np.logical_or.reduce(kept) for kept in rest.values())]
    for place, key in enumerate(told):
        if any(0 < int((cells[key] ^ other).sum()) < smallest for other in known[place + 1 :]):
            return key
    return None


def _patients(members: Members, patient: Labels) -> int:
    return len(np.unique(patient[members]))


def add_subgroups(parts: Sequence[Subgroups]) -> Subgroups:
    """Add equal cells of several hospitals; how many were kept back adds up too."""
    found: dict[tuple[str, str], Subgroup] = {}
    for each in (cell for part in parts for cell in part.cells):
        held = found.get((each.by, each.cell), Subgroup(each.by, each.cell, 0, np.zeros_like(each.confusion)))
        total = held.confusion + each.confusion
        found[each.by, each.cell] = Subgroup(each.by, each.cell, held.patients + each.patients, total)
    ordered = sorted(found.values(), key=lambda each: (GROUPINGS.index(each.by), each.cell))
    return Subgroups(tuple(ordered), sum(part.withheld for part in parts))
