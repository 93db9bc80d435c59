"""Keeps the test cases of a run at the hospital, where its settings ask for it; nothing of this is sent."""

import logging
from collections.abc import Iterator

import msgspec
import numpy as np
import torch
from torch import nn

from clients.cases.table import FILE, Case, CaseTable, encode_table, goodness
from clients.local_state import run_folder
from clients.site import Site
from common import files
from common.artifacts.run_files import now
from common.config.architectures import ARCHITECTURES
from common.data.prepare import PreparedHospital
from common.labels import CLASSES
from common.model.grad_cam import grad_cam, trunk
from common.protocol.messages import Task
from common.training.batches import Indices
from common.training.preprocess import normalise, to_batch

HEATED = 64  # cases, the worst, whose heat is kept

log = logging.getLogger("clients")


def keeps_cases(site: Site, task: Task) -> bool:
    """Tell whether this is the test of a run's model, or of a finished one, at a hospital that keeps its cases."""
    return site.keep_cases and task.split == "test" and bool(_token(task))


def _token(task: Task) -> str:
    """Return the token of the run that the model is of; a yardstick's other models have none."""
    return task.extra.local.token or task.plan.evaluation.run


def keep_cases(
    site: Site, task: Task, prepared: PreparedHospital, indices: Indices, model: nn.Module, scores: torch.Tensor
) -> None:
    """Write the table of a run's test cases; where it cannot be written, the log says so and the test goes on.

    Parameters
    ----------
    model : nn.Module
        The tested one, in evaluation mode.
    scores : Tensor, shape [N, 4]
        What it gave the slices at `indices`.
    """
    pairs = sorted(_cases(task, prepared, indices, scores), key=lambda pair: goodness(pair[0]))
    content = encode_table(_table(site, task, prepared, tuple(_heated(pairs, task, prepared, model))))
    path, policy = run_folder(site, _token(task)) / FILE, site.policy
    if policy and len(content) > policy.runs_gigabytes * 10**9:
        log.warning("The test cases of this run are not kept: policy.runs_gigabytes=%g is full.", policy.runs_gigabytes)
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        files.replace(path, content, mode=0o600)
    except OSError as error:
        log.warning("%s cannot be written (%s), so this run's test cases are not kept.", path, files.why(error))


def _cases(
    task: Task, prepared: PreparedHospital, indices: Indices, scores: torch.Tensor
) -> Iterator[tuple[Case, int]]:
    """Yield each case with its index among the hospital's files."""
    probabilities = (scores.double() / task.temperature).softmax(1).numpy()
    for index, shares in zip(indices.tolist(), probabilities, strict=True):
        file = prepared.scan.files[index]
        yield (
            Case(
                file=file.relative_path,
                frame=file.frame if file.frames > 1 else None,
                patient=int(prepared.patients.number[index]),
                true=CLASSES[prepared.scan.labels[index]],
                predicted=CLASSES[int(shares.argmax())],
                probabilities=tuple(round(float(share), 6) for share in shares),
                changed_ns=file.mtime_ns,
            ),
            index,
        )


def _heated(pairs: list[tuple[Case, int]], task: Task, prepared: PreparedHospital, model: nn.Module) -> Iterator[Case]:
    """Yield the cases, the first of them with Grad-CAM of the class that the model named."""
    pooling, device = ARCHITECTURES[task.plan.model.name].pooling, next(model.parameters()).device
    for place, (case, index) in enumerate(pairs):
        if place < HEATED:
            batch = normalise(to_batch(prepared.library.pixels[np.array([index])]).to(device))
            heat = grad_cam(model, trunk(model, batch, pooling), CLASSES.index(case.predicted), pooling)
            case = msgspec.structs.replace(case, heat=tuple(map(tuple, np.round(heat.astype(float), 3).tolist())))
        yield case


def _table(site: Site, task: Task, prepared: PreparedHospital, cases: tuple[Case, ...]) -> CaseTable:
    return CaseTable(
        at=now(),
        hospital=site.hospital.name,
        round=task.server_round,
        seed=task.plan.seed,
        image_size=task.plan.data.image_size,
        temperature=task.temperature,
        synthetic=prepared.scan.synthetic,
        patient_source=prepared.patient_source,
        classes=CLASSES,
        cases=cases,
    )
