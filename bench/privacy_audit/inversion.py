"""Gradient inversion: how near a hospital's slices can be drawn from one of its updates.

What is attacked is the first step of the run's first round, alone in its round: the strongest case for whoever sees an
update, since a model that is not yet trained gives away most, and each further step blurs what the others tell. A
centre may ask for just that; and since it chooses what it sends, its model is the run's first one with every ReLU's
gate open. How near a picture comes is measured against the slice as the step saw it, with the slices matched to the
pictures that they come nearest to.

Networks with batch normalisation train with two slices at least, so that is their smallest batch here. Their gradients
are attacked as they were made, with the statistics of the batch.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.privacy_audit.audited import AuditedHospital, AuditedRun
from bench.privacy_audit.gradient_match import Known, Search, match_gradient, with_open_gates
from bench.privacy_audit.image_quality import matched, psnr, ssim
from bench.privacy_audit.one_update import OneUpdate, gradient_of, one_update
from bench.privacy_audit.picture_grid import write_grid
from bench.privacy_audit.retrain import private_round
from common.artifacts.privacy.audit import Inversion
from common.config.architectures import ARCHITECTURES
from common.model.state import model_from_arrays

BATCHES = (1, 8)


def inversion(
    run: AuditedRun,
    search: Search = Search(),
    pictures: Path | None = None,
    tell: Callable[[str], Any] = lambda text: None,
) -> tuple[Inversion, ...]:
    """Attack one update of the run's first hospital, for each size of batch.

    Parameters
    ----------
    pictures : Path, optional
        Folder for a picture of each attack, slices above and what was made of them below. They are patients' images: it
        must not leave the hospital.
    tell : callable, optional
        Gets a line of progress before each attack.
    """
    hospital = run.hospitals[0]
    found = []
    for wanted in BATCHES:
        batch = max(wanted, 2 if ARCHITECTURES[run.plan.model.name].batch_norm else 1)
        if len(hospital.split.train) < batch:
            continue
        tell(f"inversion of a step of {batch}")
        started = time.perf_counter()
        private = private_round(run, hospital, batch) if run.plan.dp.is_used else None
        update = one_update(run.plan, hospital, with_open_gates(run.first), batch, private)
        made = pictures_of(run, update, search)
        if pictures:
            write_grid(pictures / f"{run.run_id}-batch-{batch}.png", update.seen, made)
        found.append(quality(update.seen, made, mean_stranger(hospital), time.perf_counter() - started))
    return tuple(found)


def pictures_of(run: AuditedRun, update: OneUpdate, search: Search) -> Tensor:
    """Return the pictures that the update gives away, float32 ``[B, S, S]``, each at the place of the slice it fits."""
    model = model_from_arrays(run.plan.model.name, update.before, torch.device("cpu"))
    known = Known(gradient_of(update), update.labels, update.seen.shape[-1], update.mix, update.plan)
    return matched(match_gradient(model, known, search), update.seen)


def quality(seen: Tensor, made: Tensor, blind: Tensor, seconds: float) -> Inversion:
    """Compare pictures with the slices; `blind` is what whoever has seen no update could say."""
    return Inversion(
        batch=len(seen),
        images=len(seen),
        psnr_db=_mean(psnr, made, seen),
        ssim=_mean(ssim, made, seen),
        blind_psnr_db=_mean(psnr, blind.expand_as(seen), seen),
        blind_ssim=_mean(ssim, blind.expand_as(seen), seen),
        seconds=seconds,
    )


def mean_stranger(hospital: AuditedHospital) -> Tensor:
    """Return the mean of the slices that were not trained on, float32 ``[S, S]``."""
    held = np.concatenate([hospital.split.val, hospital.split.test])
    return torch.from_numpy(hospital.slices.pixels[held][..., 0].mean(axis=0) / 255.0).float()


def _mean(measure: Callable[[Tensor, Tensor], float], made: Tensor, seen: Tensor) -> float:
    return float(np.mean([measure(one, other) for one, other in zip(made, seen, strict=True)]))
