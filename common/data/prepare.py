"""From a hospital's folder to slices that a model can train on: scan, decode, group, split."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from common.config.settings import DataPlan
from common.data.cache import ImageLibrary, Progress
from common.data.evidence import Evidence, gather_evidence, look_alikes
from common.data.folds.split import fold_split
from common.data.folds.ties import LEVELS
from common.data.groups import Groups
from common.data.identity.patients import Part, Patients, Source
from common.data.likeness import nearest_likeness
from common.data.scan import Scan
from common.data.split import Split, groups_across_splits, make_split, take_at_most
from common.data.thumbs import Floats


@dataclass(frozen=True)
class PreparedHospital:
    """A hospital that is ready to train; `common.audit` says what is right and wrong with its `evidence`."""

    evidence: Evidence
    split: Split

    @property
    def scan(self) -> Scan:
        """Its files; indices everywhere count through ``scan.files``."""
        return self.evidence.scan

    @property
    def library(self) -> ImageLibrary:
        """Their decoded pictures."""
        return self.evidence.library

    @property
    def groups(self) -> Groups:
        """Which of them belong together, whether or not the split kept them so."""
        return self.evidence.groups

    @property
    def patients(self) -> Patients:
        """Whose slices they are."""
        return self.evidence.patients

    @property
    def patient_counts(self) -> dict[Part, int]:
        """How many patients stand behind each part of the split."""
        count, split = self.patients.count, self.split
        return {"train": count(split.train), "val": count(split.val), "test": count(split.test)}

    @property
    def patient_source(self) -> Source:
        """The least sure of what told the patients of the slices in the split."""
        return self.patients.source_of(np.concatenate(list(self.split.parts().values())))

    @cached_property
    def groups_across_splits(self) -> int:
        """Number of groups that stand on more than one side of the split; 0 unless the plan asked for a plain one."""
        return groups_across_splits(self.split, self.groups.group)

    @cached_property
    def test_likeness(self) -> Floats:
        """How much each test slice, in the split's order, looks like the nearest training slice; -1 without one."""
        return nearest_likeness(np.asarray(self.library.thumbs), self.split.test, self.split.train)


def prepare(
    folder: Path,
    class_map: Mapping[str, str],
    data: DataPlan,
    seed: int,
    cache_dir: Path,
    on_progress: Progress | None = None,
    patient_pattern: str = "",
) -> PreparedHospital:
    """Make one hospital ready.

    Parameters
    ----------
    class_map : mapping of str to str
        Folder name to class name.
    seed : int
        Of the split.
    cache_dir : Path
        Where decoded slices are kept between runs.
    on_progress : callable, optional
        Called as ``on_progress(done, total)`` while files are decoded.
    patient_pattern : str
        The hospital's own, see `common.config.patient_pattern`.

    Raises
    ------
    InputError
        ``DATA001``, ``DATA002`` (see `require_images`), ``DATA030`` to ``DATA034`` (manifest), ``CONF007`` (class_map)
        or ``CACHE001`` (cache folder).
    """
    evidence = gather_evidence(
        folder, class_map, data.image_size, cache_dir, on_progress, patient_pattern, data.slice_step
    )
    return divide(evidence, data, seed, cache_dir)


def divide(evidence: Evidence, data: DataPlan, seed: int, cache_dir: Path | None) -> PreparedHospital:
    """Split a hospital's slices, of which the evidence is known.

    Parameters
    ----------
    cache_dir : Path or None
        Where look-alikes are kept between runs; None keeps none.
    """
    labels = evidence.scan.labels
    usable = take_at_most(labels, evidence.usable, data.max_per_class)
    groups = evidence.groups if data.group_split else None
    if data.folds:
        pairs = look_alikes(evidence.scan, evidence.library, cache_dir, LEVELS) if data.group_split else None
        split = fold_split(labels, groups, pairs, usable, data.folds, data.fold, data.val_fraction, seed)
    else:
        split = make_split(labels, groups, usable, data.val_fraction, data.test_fraction, seed)
    return PreparedHospital(evidence, split)
