"""What travels of a model is the difference to the one that the other side has, coded as the plan says.

``lossless`` keeps every bit. ``bfloat16``, ``int8`` and ``int4`` code the weights in fewer digits, up and down, and
each side adds what its coding lost to the next round's difference; hospitals keep it as those of a round, the server in
the checkpoint, so that a repeated round and a resumed run end in the same bits. Down, the coded model *is* the new
global model: it is what hospitals evaluate, what the ledger names and what goes into service.
"""

import logging
from collections.abc import Mapping, Sequence

import numpy as np

from common.config.settings import BITWISE_CODINGS
from common.errors import RunError
from common.model.weights import AnyArray, Arrays
from common.protocol.plan import Plan
from common.protocol.postprocess import Step, StepState, UnusableAnswer, UpdateContext
from common.protocol.wire import coarse, exact
from common.protocol.wire.coarse import Flat

_LOST = "lost"

log = logging.getLogger("clients")


class Lossless(Step):
    """Codes differences without losing a bit."""

    name = "wire"
    position = 90

    @classmethod
    def of(cls, plan: Plan) -> "Lossless | None":
        """Return the step; None where the plan has another coding."""
        return cls() if plan.wire.name == "lossless" else None

    def at_hospital(self, update: Arrays, context: UpdateContext) -> Arrays:
        """Code the difference to what was sent."""
        return exact.difference(context.reference, update)

    def at_server(self, update: Arrays, context: UpdateContext) -> Arrays:
        """Read it."""
        try:
            return exact.restored(update, context.reference)
        except ValueError:
            raise UnusableAnswer("its update cannot be decoded") from None

    def to_hospitals(self, reference: Mapping[str, AnyArray], model: Mapping[str, AnyArray]) -> Arrays:
        """Code the difference between two models."""
        return exact.difference(reference, model)

    def from_server(self, sent: Arrays, reference: Mapping[str, AnyArray]) -> Arrays:
        """Read it."""
        return exact.restored(sent, reference)


class Coarse(Step):
    """Codes weights in fewer digits, with error feedback."""

    name = "wire"
    position = 90

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._new: tuple[Mapping[str, AnyArray], Arrays] = {}, {}  # the last model at the server, and its difference

    @classmethod
    def of(cls, plan: Plan) -> "Coarse | None":
        """Return the step; None where the plan keeps every bit."""
        return None if plan.wire.name in BITWISE_CODINGS else cls(plan.wire.name)

    def at_hospital(self, update: Arrays, context: UpdateContext) -> Arrays:
        """Code the difference to what was sent, and what the last coding lost."""
        sent, _ = self._coded(context.reference, update, context.state_of(self.name))
        return sent

    def at_server(self, update: Arrays, context: UpdateContext) -> Arrays:
        """Read it."""
        try:
            return self.from_server(update, context.reference)
        except ValueError:
            raise UnusableAnswer("its update cannot be decoded") from None

    def on_average(self, combined: Arrays, context: UpdateContext) -> Arrays:
        """Return the model that hospitals will read out of the difference."""
        sent, model = self._coded(context.reference, combined, context.state_of(self.name))
        self._new = model, sent
        return model

    def to_hospitals(self, reference: Mapping[str, AnyArray], model: Mapping[str, AnyArray]) -> Arrays:
        """Return the difference that `on_average` coded; nothing for any other model."""
        known, sent = self._new
        return sent if known is model else {}

    def from_server(self, sent: Arrays, reference: Mapping[str, AnyArray]) -> Arrays:
        """Read a difference; raises ValueError."""
        names = coarse.coarse_names(reference)
        value = coarse.decoded(self._coding, sent, [reference[name].size for name in names]) if names else _flat({}, ())
        rest = {name: array for name, array in reference.items() if name not in set(names)}
        return _joined(reference, names, value, exact.restored(sent, rest))

    def _coded(self, reference: Arrays, model: Arrays, state: StepState) -> tuple[Arrays, Arrays]:
        """Return what travels, and the model that is read out of it; keep what is lost."""
        names = coarse.coarse_names(reference)
        rest = {name: array for name, array in reference.items() if name not in set(names)}
        others = {name: model[name] for name in rest}
        if not names:
            return exact.difference(rest, others), model
        wanted = _flat(model, names)
        wanted -= _flat(reference, names)
        if (lost := _lost(state)) is not None and lost.shape == wanted.shape:
            wanted += lost.astype(np.float32)
        found = coarse.encoded(self._coding, wanted, [reference[name].size for name in names])
        wanted -= found.value
        state.save({_LOST: wanted})
        sent = found.sent | exact.difference(rest, others)
        return sent, _joined(reference, names, found.value, others)


def _flat(arrays: Mapping[str, AnyArray], names: Sequence[str]) -> Flat:
    parts = [np.ascontiguousarray(arrays[name], np.float32).reshape(-1) for name in names]
    return np.concatenate(parts) if parts else np.empty(0, np.float32)


def _joined(reference: Mapping[str, AnyArray], names: list[str], value: Flat, rest: Arrays) -> Arrays:
    """Add a difference to the reference."""
    found, start = dict(rest), 0
    for name in names:
        before = reference[name]
        part = value[start : start + before.size].reshape(before.shape)
        with np.errstate(over="ignore", invalid="ignore"):
            found[name] = np.add(before, part)
        start += before.size
    return {name: found[name] for name in reference}


def _lost(state: StepState) -> AnyArray | None:
    """Return what the last coding lost; without it a hospital goes on, and a little of its last update stays behind."""
    try:
        return state.load().get(_LOST)
    except RunError as error:
        log.warning("%s; without it the update is coded as if nothing had been lost", error.sentence)
        return None
