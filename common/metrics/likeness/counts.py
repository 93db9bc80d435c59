"""Right answers by how much a test slice looks like the nearest slice that its hospital trained on; adds up.

No small count is told, nor follows from what is: a hospital's bins are those between its cuts, and a cut is made only
where it leaves no bin small, as `common.metrics.subgroups` means it. An empty bin is not small. The bins hold all test
slices, so that their sum says nothing new. Which slices a bin and a subgroup have in common is not looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from common.metrics.score_bins import Labels
from common.metrics.subgroups import LEAST_PATIENTS

EDGES: tuple[float, ...] = (0.80, 0.85, 0.90, 0.93, 0.96)
"""Highest correlation of thumbnails with any slice of training, where bins may be cut; a bin holds its lower end."""
CELLS = len(EDGES) + 1
UNLIKE = 0.90
"""A test slice below this counts as unlike any that was trained on."""

_FIRST_CUTS = (2, 1, 3, 0, 4)  # places in `EDGES`, from the one that is wanted most

Likenesses = npt.NDArray[np.float64]
Counts = tuple[int, ...]


@dataclass(frozen=True)
class LikenessCounts:
    """Of one hospital's test slices, or of several hospitals'; bins rise, one more than there are cuts."""

    cuts: Counts
    """Places in `EDGES`, rising."""
    slices: Counts
    right: Counts
    patients: Counts
    """Known or guessed; one with slices in two bins counts in both."""

    @property
    def tells_unlike(self) -> bool:
        """Whether slices on the two sides of `UNLIKE` are told apart."""
        return EDGES.index(UNLIKE) in self.cuts

    def at_cuts(self, cuts: Counts) -> "LikenessCounts":
        """Return the same with fewer cuts; a patient of two bins that are joined still counts twice."""
        starts = [0, *(self.cuts.index(cut) + 1 for cut in cuts)]
        joined = (np.add.reduceat(each, starts).tolist() for each in (self.slices, self.right, self.patients))
        return LikenessCounts(cuts, *map(tuple, joined))


def count_likeness(
    likeness: Likenesses, right: npt.NDArray[np.bool_], patient: Labels, smallest: int
) -> LikenessCounts:
    """Count test slices, shapes ``[N]``, in as many bins as may be told.

    Parameters
    ----------
    smallest : int
        Least slices of a bin that is not empty; it holds three patients at least, too.
    """
    cuts: Counts = ()
    found = _counted(cuts, likeness, right, patient)
    for cut in _FIRST_CUTS:
        finer = _counted(tuple(sorted((*cuts, cut))), likeness, right, patient)
        pairs = zip(finer.slices, finer.patients, strict=True)
        if not any(slices and (slices < smallest or patients < LEAST_PATIENTS) for slices, patients in pairs):
            cuts, found = finer.cuts, finer
    return found


def _counted(cuts: Counts, likeness: Likenesses, right: npt.NDArray[np.bool_], patient: Labels) -> LikenessCounts:
    place = np.searchsorted([EDGES[cut] for cut in cuts], likeness, side="right")
    members = [place == number for number in range(len(cuts) + 1)]
    return LikenessCounts(
        cuts,
        tuple(int(each.sum()) for each in members),
        tuple(int(right[each].sum()) for each in members),
        tuple(len(np.unique(patient[each])) for each in members),
    )


def add_likeness(parts: Sequence[LikenessCounts]) -> LikenessCounts:
    """Add up several hospitals, at least one, at the cuts that all of them made."""
    cuts = tuple(cut for cut in parts[0].cuts if all(cut in part.cuts for part in parts))
    alike = [part.at_cuts(cuts) for part in parts]
    sums = ([getattr(part, name) for part in alike] for name in ("slices", "right", "patients"))
    return LikenessCounts(cuts, *(tuple(map(sum, zip(*each, strict=True))) for each in sums))


def counts_problem(counts: LikenessCounts, slices: int, right: int) -> str | None:
    """Say what of a hospital's counts cannot be, or return None.

    Parameters
    ----------
    slices, right : int
        Of its whole test.
    """
    bins = list(zip(counts.slices, counts.right, counts.patients, strict=True))
    if (sum(counts.slices), sum(counts.right)) != (slices, right):
        return "its counts by likeness do not fit its counts by class"
    if any(hits > cases or patients > cases or bool(cases) != bool(patients) for cases, hits, patients in bins):
        return "its counts by likeness do not fit each other"
    return None
