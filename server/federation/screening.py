"""Decide whether a hospital's answer is usable, and if not, say why in one clause.

An update that training cannot have made: Adam moves a weight by about its rate in a step, so steps bound the way.

With Adam's usual constants no step is longer than 3.2 times the rate (Kingma and Ba, 2015, section 2.1). The rule needs
no other hospital to compare with, so it holds in the first round, with two hospitals, and where several are wrong. A
step of SGD is as long as its gradient, which nothing bounds, so there this rule does not judge.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from flwr.app import Message

from common.config.settings import TrainPlan
from common.metrics.calibration import NUM_BINS, Bin
from common.metrics.confusion import Confusion
from common.metrics.evaluation import EvaluateResult
from common.metrics.intervals import Replicates
from common.model.weights import check_update, is_weight
from common.protocol import names
from common.protocol.messages import Description, from_numbers
from common.training.optim import steps_in_round

_TRAINING_FIGURES = (names.SAMPLES, "steps", "loss", "accuracy", "lr", "seconds")
_CRASH_SIGNS = (
    "actor died",
    "actordied",
    "workercrashed",
    "actor is dead",
    "actor is temporarily unavailable",
    "owner died",
)
_LOST_SIGN = "node unavailable"  # Flower's, after two heartbeats that did not come


def refusal(reply: Message | None, timeout_seconds: float, asked: Description | None = None) -> str | None:
    """Say why an answer cannot be used.

    Parameters
    ----------
    reply : Message or None
        The answer; None where none came.
    timeout_seconds : float
        How long the server waited.
    asked : Description, optional
        The hospital that was asked, as it described itself.

    Returns
    -------
    str or None
        A clause, or None for a usable answer.
    """
    if reply is None:
        return f"no answer within {timeout_seconds:.0f} s"
    if reply.has_error():
        return _error(str(reply.error.reason))
    if names.REFUSAL in reply.content:
        given = reply.content[names.REFUSAL]
        return f"{given['code']}: {given['sentence']}"
    if asked is None:
        return None
    who = reply.content.get(names.WHO, {})
    if str(who.get(names.HOSPITAL, "")) != asked.key:
        return f"it answers as '{who.get(names.HOSPITAL, '')}'"
    if str(who.get(names.FILES, "")) != asked.files_sha256:
        return "its list of files changed while the run was going on"
    return None


def update_problem(
    reply: Message, reference: Mapping[str, npt.NDArray[np.generic]], samples: int | None = None
) -> str | None:
    """Say what is wrong with a trained model, or with the numbers beside it.

    Parameters
    ----------
    reply : Message
        An answer that `refusal` accepts.
    reference : mapping of str to ndarray
        The model that was sent.
    samples : int, optional
        Training slices that the hospital described; its weight in the average may be no other.
    """
    if names.ARRAYS not in reply.content or names.METRICS not in reply.content:
        return "the answer holds no model"
    try:
        metrics = {name: float(reply.content[names.METRICS][name]) for name in _TRAINING_FIGURES}
    except (KeyError, TypeError):
        return "its training figures cannot be read"
    if not metrics[names.SAMPLES] > 0:
        return "it trained on no slice"
    if samples is not None and metrics[names.SAMPLES] != samples:
        return f"it says that it trained on {metrics[names.SAMPLES]:,.0f} slices, but it described {samples:,}"
    if not (np.isfinite(metrics["loss"]) and np.isfinite(metrics["accuracy"])):
        return "its training loss is not finite; a lower train.lr may help"
    return check_update(reference, {name: array.numpy() for name, array in reply.content[names.ARRAYS].items()})


def evaluation_of(reply: Message, replicates: int = 0) -> EvaluateResult | str:
    """Read an evaluation, or say what is wrong with it.

    Parameters
    ----------
    reply : Message
        An answer that `refusal` accepts.
    replicates : int
        How many draws of the bootstrap it must hold.
    """
    try:
        result = from_numbers(reply.content[names.METRICS], replicates)
    except (KeyError, ValueError, TypeError):
        return "its evaluation figures cannot be read"
    if result.confusion.sum() != result.samples or (result.confusion < 0).any():
        return "its counts do not add up to its slices"
    if not (_fit(result.bins, result.confusion) and _fit(result.calibrated_bins, result.confusion)):
        return "its counts by confidence do not fit its counts by class"
    if not (np.isfinite(result.loss_sum) and np.isfinite(result.nll).all() and (result.nll >= 0).all()):
        return "its loss is not a finite number from 0"
    if not 0 <= result.groups <= result.samples or not _drawn_from(result.replicates, result.confusion):
        return "the draws of its bootstrap do not fit its counts"
    return result


def _fit(bins: Sequence[Bin], confusion: Confusion) -> bool:
    """Tell whether bins hold as many cases, and as many right ones, as the confusion matrix."""
    counts = sum(part.count for part in bins), sum(part.correct for part in bins)
    return len(bins) == NUM_BINS and counts == (int(confusion.sum()), int(np.trace(confusion)))


def _drawn_from(replicates: Replicates, confusion: Confusion) -> bool:
    """Tell whether draws can come from these counts.

    A cell without a case stays empty in every draw, and the draws' mean size is that of the sample, but for chance: six
    standard errors are left to it.
    """
    if (replicates < 0).any() or replicates[:, confusion == 0].any():
        return False
    sizes = replicates.sum(axis=(1, 2))
    leeway = 6 * sizes.std() / np.sqrt(len(sizes)) if len(sizes) else 0.0
    return not len(sizes) or bool(abs(sizes.mean() - confusion.sum()) <= leeway + 1e-9)


def _error(reason: str) -> str:
    """Shorten what Flower or Ray reports to a clause."""
    if any(sign in reason.lower() for sign in _CRASH_SIGNS):
        return "its process died (killed, or out of memory)"
    if _LOST_SIGN in reason.lower():
        return "its SuperNode is gone: no sign of life for a minute (the link, or the machine)"
    return reason.strip().splitlines()[0][:300] if reason.strip() else "an error without a reason"


_LONGEST_STEP = 4.0  # rates; 3.2 and some room for weight decay


def size_problem(
    update: Mapping[str, npt.NDArray[np.generic]],
    reference: Mapping[str, npt.NDArray[np.generic]],
    train: TrainPlan,
    samples: int,
) -> str | None:
    """Say by how much an update is too large.

    Parameters
    ----------
    update, reference : mapping of str to ndarray
        What came, and the model that was sent; of the same names and shapes.
    train : TrainPlan
        How the hospital was asked to train.
    samples : int
        Its training slices.

    Returns
    -------
    str or None
        A clause, or None for an update that training can have made.
    """
    if train.optimiser != "adam":
        return None
    square = count = 0.0
    for name, before in reference.items():
        if is_weight(name):
            change = update[name].astype(np.float64) - before.astype(np.float64)
            square += float(np.vdot(change, change))
            count += change.size
    steps = sum(steps_in_round(samples, train))
    allowed = _LONGEST_STEP * train.lr * steps
    times = math.sqrt(square / max(count, 1)) / allowed
    if times > 1:
        return f"its update is {times:,.1f} times as large as {steps} steps of training can make it"
    return None
