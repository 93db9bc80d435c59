"""Several hospitals' slices as if they were one hospital's: the yardstick that a federation is measured against."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from common.config.settings import TrainPlan
from common.training.batches import Indices, Slices
from common.training.optim import steps_in_round


class PooledPixels:
    """Several hospitals' pixels under one numbering; only what is asked for is read.

    Parameters
    ----------
    hospitals : sequence of Slices
        Of one size, numbered one after the other.
    """

    def __init__(self, hospitals: Sequence[Slices]) -> None:
        self._hospitals = list(hospitals)
        self._ends = np.cumsum([len(slices.labels) for slices in hospitals])

    def __getitem__(self, indices: Indices, /) -> npt.NDArray[np.uint8]:
        """Return the slices at `indices`, in their order."""
        owners = np.searchsorted(self._ends, indices, side="right")
        order = np.argsort(owners, kind="stable")
        parts = []
        for owner in np.unique(owners):
            slices = self._hospitals[owner]
            start = self._ends[owner] - len(slices.labels)
            parts.append(slices.pixels[indices[order][owners[order] == owner] - start])
        gathered = np.concatenate(parts)
        placed = np.empty_like(gathered)
        placed[order] = gathered
        return placed


@dataclass(frozen=True)
class Pool:
    """What one loader over several hospitals reads.

    Attributes
    ----------
    slices : Slices
        Of all of them, numbered one hospital after the other.
    indices : ndarray of int64
        All their training slices.
    steps : list of int
        Of each pass, as many as the hospitals take together, so that both see a slice as often in as many steps.
    """

    slices: Slices
    indices: Indices
    steps: list[int]


def pool(hospitals: Sequence[tuple[Slices, Indices]], plan: TrainPlan) -> Pool:
    """Join hospitals.

    Parameters
    ----------
    hospitals : sequence of tuple of (Slices, ndarray of int64)
        Each hospital's slices, and which of them train.
    plan : TrainPlan
        How each would train.
    """
    everything = [slices for slices, _ in hospitals]
    own_steps = [steps_in_round(len(own), plan) for _, own in hospitals]
    starts = np.cumsum([0, *(len(slices.labels) for slices in everything[:-1])])
    return Pool(
        slices=Slices(PooledPixels(everything), np.concatenate([slices.labels for slices in everything])),
        indices=np.concatenate([start + own for start, (_, own) in zip(starts, hospitals, strict=True)]),
        steps=[sum(each) for each in zip(*own_steps, strict=True)],
    )
