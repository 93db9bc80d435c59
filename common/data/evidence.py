"""What the checks look at: the files, their pictures, and how these resemble one another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from common.data.cache import ImageLibrary
from common.data.duplicates import NearPairs, exact_duplicates
from common.data.groups import Groups, find_groups
from common.data.scan import Scan

SMALLEST_SIDE = 32
"""Pictures with a shorter side than this, in pixels, cannot be a slice: icons, thumbnails, remnants."""


@dataclass(frozen=True)
class Evidence:
    """All that is known of one hospital's N files.

    Attributes
    ----------
    scan : Scan
        The files.
    library : ImageLibrary
        Their pictures.
    pairs : NearPairs
        Pictures that look alike.
    """

    scan: Scan
    library: ImageLibrary
    pairs: NearPairs

    @cached_property
    def readable(self) -> npt.NDArray[np.bool_]:
        """Whether each file has a picture, shape ``[N]``."""
        mask = np.ones(len(self.scan.files), dtype=bool)
        mask[list(self.library.unreadable)] = False
        return mask

    @cached_property
    def too_small(self) -> npt.NDArray[np.bool_]:
        """Whether each picture is too small to be a slice, shape ``[N]``."""
        return self.readable & (np.asarray(self.library.sizes).min(axis=1, initial=2**31 - 1) < SMALLEST_SIDE)

    @cached_property
    def copies(self) -> npt.NDArray[np.int64]:
        """Same number for copies of one picture, shape ``[N]``."""
        return exact_duplicates(self.library.byte_sha256, self.library.pixel_sha256)

    @cached_property
    def contradictory(self) -> npt.NDArray[np.bool_]:
        """Whether each picture also stands under another label, shape ``[N]``."""
        several = [number for number, labels in self._labels_of_copies.items() if len(labels) > 1]
        return self.readable & np.isin(self.copies, several)

    @cached_property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Whether each file can train or test a model, shape ``[N]``."""
        return self.readable & ~self.too_small & ~self.contradictory

    @cached_property
    def groups(self) -> Groups:
        """Which files belong together."""
        files = self.scan.files
        return find_groups(
            [file.relative_path for file in files],
            [file.class_folder for file in files],
            self.scan.labels,
            self.library.thumbs,
            self.readable,
            self.copies,
            self.pairs,
        )

    def paths(self, indices: Iterable[int] | npt.NDArray[np.int64]) -> tuple[str, ...]:
        """Return the relative paths of files."""
        return tuple(self.scan.files[int(index)].relative_path for index in indices)

    @cached_property
    def _labels_of_copies(self) -> dict[int, set[int]]:
        held: dict[int, set[int]] = {}
        for number, label in zip(self.copies.tolist(), self.scan.labels.tolist(), strict=True):
            held.setdefault(number, set()).add(label)
        return held
