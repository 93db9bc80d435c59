"""What is known of a hospital's files: their pictures, how these resemble one another, and which can be used."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from common.data.cache import ImageLibrary, Progress, cached_near_duplicates, open_library
from common.data.dicom.said import Said
from common.data.duplicates import GROUPING_LEVELS, NearPairs, exact_duplicates, find_near_duplicates
from common.data.groups import Groups, find_groups
from common.data.identity.known import Known, known_cases, with_guesses
from common.data.identity.labelling import scan_hospital
from common.data.identity.patients import Patients, guessed
from common.data.identity.pseudonyms import Pseudonyms
from common.data.scan import Scan, require_images
from common.data.thumbs import Indices, Mask

SMALLEST_SIDE = 32
"""Pictures with a shorter side than this, in pixels, cannot be a slice: icons, thumbnails, remnants."""


@dataclass(frozen=True)
class Evidence:
    """All that is known of one hospital's N files; masks and numbers have shape ``[N]``."""

    scan: Scan
    library: ImageLibrary
    pairs: NearPairs
    known: Known | None = None
    """Whose slices they are, where anything says so."""
    found_groups: Groups | None = None
    """Which files belong together, where these are a part of a folder; None where it is to be found out."""

    @cached_property
    def readable(self) -> Mask:
        """Whether each file has a picture."""
        mask = np.ones(len(self.scan.files), dtype=bool)
        mask[list(self.library.unreadable)] = False
        return mask

    @cached_property
    def too_small(self) -> Mask:
        """Whether each picture is too small to be a slice."""
        return self.readable & (np.asarray(self.library.sizes).min(axis=1, initial=2**31 - 1) < SMALLEST_SIDE)

    @cached_property
    def copies(self) -> Indices:
        """Same number for copies of one picture."""
        return exact_duplicates(self.library.byte_sha256, self.library.pixel_sha256)

    @cached_property
    def contradictory(self) -> Mask:
        """Whether each picture also stands under another label."""
        labels: dict[int, set[int]] = {}
        for number, label in zip(self.copies.tolist(), self.scan.labels.tolist(), strict=True):
            labels.setdefault(number, set()).add(label)
        several = [number for number, held in labels.items() if len(held) > 1]
        return self.readable & np.isin(self.copies, several)

    @cached_property
    def against_manifest(self) -> Mask:
        """Whether the manifest gives each file another label than its folder."""
        rows = self.scan.manifest.rows if self.scan.manifest else {}
        said = (rows.get(file.relative_path) for file in self.scan.files)
        labels = np.array([-1 if row is None or row.label is None else row.label for row in said], dtype=np.int64)
        return (labels >= 0) & (labels != self.scan.labels)

    @cached_property
    def usable(self) -> Mask:
        """Whether each file can train or test a model."""
        left_out = (
            self.too_small,
            self.contradictory,
            self.against_manifest,
            self.other_modality,
            self.other_body_part,
        )
        return self.readable & ~np.logical_or.reduce(left_out)

    @cached_property
    def other_modality(self) -> Mask:
        """Whether each slice comes from another kind of scanner than MR, by its header."""
        return self.readable & self.said(lambda said: said.other_modality)

    @cached_property
    def other_body_part(self) -> Mask:
        """Whether each slice shows another part of the body than the head, by its header."""
        return self.readable & self.said(lambda said: said.other_body_part)

    def said(self, holds: Callable[[Said], bool]) -> Mask:
        """Tell for each slice whether what a DICOM header says of it is so; False for all other files."""
        mask = np.zeros(len(self.scan.files), dtype=bool)
        mask[[index for index, said in self.library.said.items() if holds(said)]] = True
        return mask

    @cached_property
    def groups(self) -> Groups:
        """Which files belong together."""
        if self.found_groups is not None:
            return self.found_groups
        files = self.scan.files
        return find_groups(
            [file.name for file in files],
            [file.class_folder for file in files],
            self.scan.labels,
            self.library.thumbs,
            self.readable,
            self.copies,
            self.pairs,
            self.known.number if self.known and self.known.ids else None,
            self.file_number if any(file.frames > 1 for file in files) else None,
        )

    @cached_property
    def file_number(self) -> Indices:
        """Same number for slices of one file."""
        numbers: dict[str, int] = {}
        found = [numbers.setdefault(file.relative_path, len(numbers)) for file in self.scan.files]
        return np.array(found, dtype=np.int64)

    @cached_property
    def patients(self) -> Patients:
        """Whose slices they are; related slices count as one patient's where nothing says more."""
        return with_guesses(self.known, self.groups.group) if self.known else guessed(self.groups.group)

    def paths(self, indices: Sequence[int] | Indices, by: Indices | None = None) -> tuple[str, ...]:
        """Return the names of slices; those with the same number in `by` stand together."""
        if by is not None:
            indices = np.asarray(indices)[np.argsort(by[indices], kind="stable")]
        return tuple(self.scan.files[int(index)].name for index in indices)


def gather_evidence(
    folder: Path,
    class_map: Mapping[str, str],
    image_size: int,
    cache_dir: Path,
    on_progress: Progress | None = None,
    patient_pattern: str = "",
    slice_step: int = 1,
) -> Evidence:
    """Read a hospital's folder; parameters and errors are those of `common.data.prepare.prepare`."""
    scan = scan_hospital(folder, class_map, slice_step)
    require_images(scan)
    library = open_library(scan, image_size, cache_dir, on_progress=on_progress)
    near = look_alikes(scan, library, cache_dir)
    known = known_cases(scan, library.said, Pseudonyms(cache_dir), patient_pattern)
    return Evidence(scan, library, near, known)


def look_alikes(
    scan: Scan, library: ImageLibrary, cache_dir: Path | None, levels: Sequence[float] = GROUPING_LEVELS
) -> NearPairs:
    """Return the pairs of readable files that `common.data.duplicates.find_near_duplicates` finds; None keeps none."""
    readable = np.flatnonzero([index not in library.unreadable for index in range(len(scan.files))]).astype(np.int64)
    thumbs = np.asarray(library.thumbs)[readable]
    if cache_dir is None:
        return find_near_duplicates(thumbs, levels).renumbered(readable)
    return cached_near_duplicates(thumbs, cache_dir, str(scan.folder.resolve()), levels).renumbered(readable)
