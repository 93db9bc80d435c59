"""Read a folder once for all of its parts, and again when a part asks again and a file has changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from common.config.partition import Part
from common.config.settings import DataPlan
from common.data.cache import Progress
from common.data.evidence import Evidence, gather_evidence
from common.data.identity.labelling import scan_hospital
from common.data.partition.deal import deal
from common.data.partition.restrict import restrict
from common.data.thumbs import Indices

_MOST_READ = 8


@dataclass(frozen=True)
class Folder:
    """A hospital's folder that is cut into parts."""

    path: Path
    class_map: Mapping[str, str]
    patient_pattern: str
    cache_dir: Path


@dataclass
class _Read:
    """What was found in a folder, how it is dealt, and which parts have asked since it was looked at."""

    evidence: Evidence
    dealt: dict[str, Indices] = field(default_factory=dict)
    asked: set[Part] = field(default_factory=set)


_READ: dict[str, _Read] = {}  # the last folders that this process read; their pixels are memory-mapped


def evidence_of_part(folder: Folder, part: Part, data: DataPlan, on_progress: Progress | None = None) -> Evidence:
    """Return what is known of the slices of one part; raises as `common.data.prepare.prepare` and `deal`."""
    read = _read(folder, part, data, on_progress)
    evidence, cut = read.evidence, f"{part.count}/{part.by}/{part.alpha}/{part.seed}"
    if cut not in read.dealt:
        read.dealt[cut] = deal(evidence.scan.labels, evidence.groups, evidence.usable, part)
    return restrict(evidence, np.flatnonzero(read.dealt[cut] == part.number - 1))


def _read(folder: Folder, part: Part, data: DataPlan, on_progress: Progress | None) -> _Read:
    key = f"{folder}/{data.image_size}/{data.slice_step}"
    read = _READ.get(key)
    if read is None or (part in read.asked and _has_changed(folder, data, read)):
        while len(_READ) >= _MOST_READ:
            _READ.pop(next(iter(_READ)))
        _READ[key] = read = _Read(_gathered(folder, data, on_progress))
    read.asked.add(part)
    return read


def _has_changed(folder: Folder, data: DataPlan, read: _Read) -> bool:
    """Look at the folder anew, once for all parts."""
    read.asked.clear()
    now = scan_hospital(folder.path, folder.class_map, data.slice_step)
    return now.digest != read.evidence.scan.digest or now.manifest != read.evidence.scan.manifest


def _gathered(folder: Folder, data: DataPlan, on_progress: Progress | None) -> Evidence:
    return gather_evidence(
        folder.path,
        folder.class_map,
        data.image_size,
        folder.cache_dir,
        on_progress,
        folder.patient_pattern,
        data.slice_step,
    )
