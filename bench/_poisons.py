"""Wrong updates, and a hospital that sends them: a ClientApp whose trained model is changed on its way out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from flwr.app import Array, ArrayRecord, Context, Message, MessageType
from flwr.clientapp import ClientApp

from common.config.settings import TrainPlan
from common.model.weights import Arrays, is_weight, weights_of
from common.protocol import names
from common.protocol.bounds import Reach
from common.protocol.codec import pack, unpack
from common.protocol.plan import Plan
from common.training.optim import rates_of_round

_INSIDE = 0.98  # of a bound


@dataclass(frozen=True)
class Update:
    """What a hospital has in hand before it answers: the model that it was sent and the one that it trained."""

    sent: Arrays
    trained: Arrays
    train: TrainPlan
    rates: list[float]

    def allowed(self, name: str) -> float:
        """Return how far a weight of a tensor may go."""
        return _INSIDE * Reach.of(self.train, self.rates).longest(float(np.abs(self.sent[name]).max()))


Poison = Callable[[Update], Arrays]


def of_buffer(kind: str, value: float) -> Poison:
    """Fill every running mean or variance with one value."""
    return lambda update: {
        name: np.full_like(array, value) if name.endswith(kind) else array for name, array in update.trained.items()
    }


def of_weights(value: float) -> Poison:
    """Fill every weight with one value."""
    return lambda update: (
        update.trained | {name: np.full_like(array, value) for name, array in weights_of(update.trained).items()}
    )


def all_in_one_bias(update: Update) -> Arrays:
    """Put the length that version 2 allowed the whole model, four rates a step and weight, into one bias."""
    count = sum(array.size for array in weights_of(update.sent).values())
    return _with_bias(update, 4 * update.train.lr * len(update.rates) * math.sqrt(count))


def bias_within_bounds(update: Update) -> Arrays:
    """Push one bias as far as the bounds let it go."""
    return _with_bias(update, update.allowed(_last(update.sent)))


def class_within_bounds(update: Update) -> Arrays:
    """Push all that speaks for the last class as far as the bounds let it go."""
    changed = dict(update.trained)
    for name in list(weights_of(update.sent))[-2:]:
        array = update.sent[name].copy()
        array[-1] += update.allowed(name)
        changed[name] = array
    return changed


def opposite(update: Update) -> Arrays:
    """Go where training does not, each weight as far as the bounds let it go."""
    return _weight_by_weight(update, lambda name, way: -np.sign(way) * update.allowed(name))


def opposite_quietly(update: Update) -> Arrays:
    """Send the trained update backwards, no longer than it was."""
    return _weight_by_weight(update, lambda name, way: -way)


def noise(update: Update) -> Arrays:
    """Throw a coin for each weight."""
    generator = np.random.default_rng(len(update.rates))
    return _weight_by_weight(
        update, lambda name, way: update.allowed(name) * generator.choice([-1.0, 1.0], size=way.shape)
    )


def variances_within_bounds(update: Update) -> Arrays:
    """Make every running variance as large as the bounds let it be."""
    return {
        name: np.full_like(array, 0.98e6 * max(1.0, float(update.sent[name].max())))
        if name.endswith("running_var")
        else array
        for name, array in update.trained.items()
    }


POISONS: dict[str, Poison] = {
    "variance 0": of_buffer("running_var", 0.0),
    "variance 3e38": of_buffer("running_var", 3e38),
    "mean 1e30": of_buffer("running_mean", 1e30),
    "weights 1e30": of_weights(1e30),
    "all in one bias": all_in_one_bias,
    "bias within bounds": bias_within_bounds,
    "class within bounds": class_within_bounds,
    "opposite": opposite,
    "opposite, quietly": opposite_quietly,
    "noise": noise,
    "variances within bounds": variances_within_bounds,
    "means within bounds": of_buffer("running_mean", 999.0),
}


class PoisonedApp:
    """Answers as another ClientApp does, but for what one hospital trains.

    Parameters
    ----------
    app : ClientApp
        Answers for every hospital of a simulation.
    attacker : int
        Number of the hospital, from 0, in configured order.
    """

    def __init__(self, app: ClientApp, attacker: int, poison: Poison) -> None:
        self._app, self._attacker, self._poison = app, attacker, poison

    def __call__(self, message: Message, context: Context) -> Message:
        """Answer a message."""
        reply = self._app(message, context)
        attacks = int(context.node_config["partition-id"]) == self._attacker
        if attacks and message.metadata.message_type == MessageType.TRAIN and names.ARRAYS in reply.content:
            changed = self._poison(_update_of(message, reply))
            reply.content[names.ARRAYS] = ArrayRecord({key: Array(value) for key, value in pack(changed).items()})
        return reply


def _update_of(message: Message, reply: Message) -> Update:
    config = message.content[names.CONFIG]
    plan, number = Plan.from_json(str(config[names.PLAN])), int(config[names.ROUND])
    steps = int(reply.content[names.METRICS]["steps"])
    return Update(_arrays(message), _arrays(reply), plan.train, rates_of_round(plan.train, number, plan.rounds, steps))


def _arrays(message: Message) -> Arrays:
    return unpack({key: array.numpy() for key, array in message.content[names.ARRAYS].items()})


def _last(arrays: Arrays) -> str:
    return list(weights_of(arrays))[-1]


def _with_bias(update: Update, length: float) -> Arrays:
    name = _last(update.sent)
    bias = update.sent[name].copy()
    bias[-1] += length
    return update.trained | {name: bias}


def _weight_by_weight(update: Update, way_of: Callable[[str, np.ndarray], np.ndarray]) -> Arrays:
    changed = dict(update.trained)
    for name, before in update.sent.items():
        if is_weight(name):
            way = way_of(name, np.subtract(update.trained[name], before))
            changed[name] = np.add(before, way).astype(before.dtype)
    return changed
