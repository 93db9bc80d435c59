"""A hospital's slices, ready to train on: scanned, decoded and split once a process."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from clients.policy.check import check_split
from clients.site import Site
from common.config.final_model import ALL
from common.config.partition import MOST
from common.config.settings import DataPlan
from common.data.partition.folder import Folder, evidence_of_part
from common.data.prepare import PreparedHospital, divide, prepare
from common.data.split import Split, take_at_most
from common.errors import InputError
from common.metrics.intervals import Resampling
from common.protocol.messages import Task
from common.protocol.plan import Plan
from common.seeds import stream_seed
from common.training.batches import Indices, Slices
from common.training.pool import pool

_PREPARED: dict[tuple[str, str, int, str], PreparedHospital] = {}
_PREPARED_LIMIT = 32


@dataclass(frozen=True)
class TrainingData:
    """What a training reads: a hospital's own slices, or those of several as if they were one hospital's."""

    slices: Slices
    indices: Indices  # the training split
    steps: Sequence[int] | None = None  # of each pass; None for as many as the slices ask for


def prepared_hospital(site: Site, plan: Plan) -> PreparedHospital:
    """Scan, decode and split once a process; the memory-mapped pixels are shared by all processes.

    Raises
    ------
    PolicyRefusal
        ``POLICY002`` if the split leaves fewer slices than the hospital's policy asks for.
    """
    key = _key(site, plan)
    if key not in _PREPARED:
        if len(_PREPARED) >= (MOST if site.part else _PREPARED_LIMIT):  # parts hold one folder together
            _PREPARED.pop(next(iter(_PREPARED)))
        external = plan.evaluation.is_external(site.hospital.key)
        found = _read(
            site, replace(plan.data, max_per_class=None, folds=0, fold=1) if external else plan.data, plan.seed
        )
        if external:
            found = replace(found, split=_all_tested(found.split))
        elif plan.train.on == ALL:
            found = replace(found, split=_all_trained(found, plan.data))
        _PREPARED[key] = found
    prepared = _PREPARED[key]
    if site.policy:
        check_split(plan, site.policy, prepared.split.counts(prepared.scan.labels))
    return prepared


def _read(site: Site, data: DataPlan, seed: int) -> PreparedHospital:
    hospital, reading = site.hospital, site.progress_callback("reading")
    if site.part:
        folder = Folder(site.folder, hospital.class_map, hospital.patient_pattern, site.cache_dir)
        return divide(evidence_of_part(folder, site.part, data, reading), data, seed, None)  # one cache a folder
    return prepare(
        site.folder,
        hospital.class_map,
        data,
        seed,
        site.cache_dir,
        on_progress=reading,
        patient_pattern=hospital.patient_pattern,
    )


def forget(site: Site, plan: Plan) -> None:
    """Look at the folder anew next time."""
    _PREPARED.pop(_key(site, plan), None)


def training_data(site: Site, task: Task) -> TrainingData:
    """Return what a task trains on.

    Raises
    ------
    InputError
        ``PLAN004`` where a hospital on a machine of its own is asked to pool: it has no slices but its own.
    """
    if wrong := [key for key in task.pool if key not in site.pool]:
        raise InputError(
            "PLAN004",
            f"{site.hospital.name} cannot train on {wrong[0]}'s slices: pooling is possible in a simulation only.",
        )
    parts = []
    for member in [site.pool[key] for key in task.pool] or [site]:
        prepared = prepared_hospital(member, task.plan)
        parts.append((Slices(prepared.library.pixels, prepared.scan.labels), prepared.split.train))
    if not task.pool:
        return TrainingData(*parts[0])
    together = pool(parts, task.plan.train)
    return TrainingData(together.slices, together.indices, together.steps)


def resampling_of(site: Site, plan: Plan, prepared: PreparedHospital, indices: npt.NDArray[np.int64]) -> Resampling:
    """Return how groups of slices are drawn for the bootstrap: the same each time, and only the hospital knows how.

    The server knows the run's seed, and whoever knew the draws could solve their sums for each group's own counts. So
    the slices' own pixels, which never leave, go into the seed; a repeated run draws the same groups again.
    """
    pixels = hashlib.sha256(prepared.library.thumbs[indices].tobytes()).hexdigest()
    seed = stream_seed(plan.seed, site.hospital.key, "bootstrap", pixels)
    return Resampling(prepared.groups.group[indices], seed)


def use_threads(threads: int) -> None:
    """Compute with so many CPU threads; 0 leaves PyTorch's choice."""
    if threads:
        torch.set_num_threads(threads)


def _key(site: Site, plan: Plan) -> tuple[str, str, int, str]:
    external = "/every slice is tested" if plan.evaluation.is_external(site.hospital.key) else ""
    final = "/every slice trains" if plan.train.on == ALL and not external else ""
    return (site.hospital.key, str(site.folder), plan.seed, f"{plan.data}{site.part or ''}{external}{final}")


def _all_tested(split: Split) -> Split:
    """Hold every slice back: a hospital that did not train a model needs none of them for anything else."""
    together = np.sort(np.concatenate(list(split.parts().values())))
    return Split(together[:0], together[:0], together)


def _all_trained(found: PreparedHospital, data: DataPlan) -> Split:
    """Hold nothing back: the recipe was tested by another run, and the final model is to learn from every slice."""
    usable = np.flatnonzero(take_at_most(found.scan.labels, found.evidence.usable, data.max_per_class))
    return Split(usable, usable[:0], usable[:0])
