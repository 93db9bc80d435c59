"""From a hospital's folder to slices that a model can train on: scan, decode, audit, group, split."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from common.audit.report import AuditReport, audit
from common.config.settings import DataPlan
from common.data.cache import ImageLibrary, open_library
from common.data.duplicates import cached_near_duplicates
from common.data.evidence import Evidence
from common.data.groups import Groups
from common.data.require import require_images
from common.data.scan import Scan, scan_folder
from common.data.split import Split, groups_across_splits, make_split, take_at_most


@dataclass(frozen=True)
class PreparedHospital:
    """A hospital that is ready to train.

    Attributes
    ----------
    scan : Scan
        Its files; indices everywhere count through ``scan.files``.
    library : ImageLibrary
        Their decoded pictures.
    report : AuditReport
        What is right and wrong with them.
    groups : Groups
        Which of them belong together.
    split : Split
        Which of them train, validate and test.
    """

    scan: Scan
    library: ImageLibrary
    report: AuditReport
    groups: Groups
    split: Split

    @cached_property
    def groups_across_splits(self) -> int:
        """Number of groups that stand on more than one side of the split; 0 unless the plan asked for a plain one."""
        return groups_across_splits(self.split, self.groups.group)


def prepare(
    folder: Path,
    class_map: Mapping[str, str],
    data: DataPlan,
    seed: int,
    cache_dir: Path,
    on_progress: Callable[[int, int], None] | None = None,
) -> PreparedHospital:
    """Make one hospital ready.

    Parameters
    ----------
    folder : Path
        The hospital's folder.
    class_map : mapping of str to str
        Folder name to class name.
    data : DataPlan
        Image size, shares of the split, and the like.
    seed : int
        Of the split.
    cache_dir : Path
        Where decoded slices are kept between runs.
    on_progress : callable, optional
        Called as ``on_progress(done, total)`` while files are decoded.

    Returns
    -------
    PreparedHospital

    Raises
    ------
    InputError
        ``DATA001``, ``DATA002`` (see `require_images`), ``CONF007`` (class_map) or ``CACHE001`` (cache folder).
    """
    evidence = gather_evidence(folder, class_map, data.image_size, cache_dir, on_progress)
    report = audit(evidence)
    labels = evidence.scan.labels
    chosen = take_at_most(labels, evidence.usable, data.max_per_class)
    groups = evidence.groups if data.group_split else None
    split = make_split(labels, groups, chosen, data.val_fraction, data.test_fraction, seed)
    return PreparedHospital(evidence.scan, evidence.library, report, evidence.groups, split)


def gather_evidence(
    folder: Path,
    class_map: Mapping[str, str],
    image_size: int,
    cache_dir: Path,
    on_progress: Callable[[int, int], None] | None = None,
) -> Evidence:
    """Read a hospital's folder; the parameters and errors are those of `prepare`, `image_size` in pixels.

    Returns
    -------
    Evidence
    """
    scan = scan_folder(folder, class_map)
    require_images(scan)
    library = open_library(scan, image_size, cache_dir, on_progress=on_progress)
    readable = np.flatnonzero([index not in library.unreadable for index in range(len(scan.files))]).astype(np.int64)
    near = cached_near_duplicates(np.asarray(library.thumbs)[readable], cache_dir, str(scan.folder.resolve()))
    return Evidence(scan, library, near.renumbered(readable))
