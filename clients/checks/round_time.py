"""PRE011: one round fits into the deadline."""

from __future__ import annotations

import time

import torch

from clients.checks.outcome import Check, Situation
from common.errors import InputError
from common.model.registry import build_model
from common.training.device import pick_device

_STEPS = 2
_EVALUATION_SHARE = 1 / 3  # forward only


def _look(situation: Situation) -> tuple[str, str]:
    if "train" not in situation.facts:
        return "skipped", "The slices could not be read."
    try:
        step = _seconds_a_slice(situation)
    except InputError as error:
        return "failed", error.sentence
    slices = situation.facts["train"] * situation.train.local_epochs
    seconds = step * (slices + situation.facts["evaluate"] * _EVALUATION_SHARE)
    text = f"A round of {slices:,} slices at {situation.data.image_size} px takes about {_spoken(seconds)}"
    allowed = situation.timeout_seconds
    if seconds > allowed:
        return "failed", f"{text}, the deadline is {_spoken(allowed)}; ask for a longer strategy.timeout_seconds."
    if seconds > allowed / 2:
        return "warning", f"{text} of the {_spoken(allowed)} that are allowed: tight when the machine has other work."
    return "ok", f"{text} of the {_spoken(allowed)} that are allowed."


def _seconds_a_slice(situation: Situation) -> float:
    device = pick_device(situation.site.device)
    batch, side = situation.train.batch_size, situation.data.image_size
    model = build_model().to(device)
    optimiser = torch.optim.Adam(model.parameters())
    images, labels = (
        torch.randn(batch, 3, side, side, device=device),
        torch.zeros(batch, dtype=torch.long, device=device),
    )
    for step in range(_STEPS + 1):
        if step == 1:  # the first one warms up
            started = time.perf_counter()
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimiser.step()
        loss.item()
    return (time.perf_counter() - started) / _STEPS / batch


def _spoken(seconds: float) -> str:
    return (
        f"{seconds:.0f} s"
        if seconds < 120
        else f"{seconds / 60:.0f} min"
        if seconds < 7200
        else f"{seconds / 3600:.1f} h"
    )


CHECK = Check("PRE011", "time of a round", _look)
