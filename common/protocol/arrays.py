"""Whether the arrays of a task are the model that its plan names, before a hospital computes with them."""

from collections.abc import Mapping

import numpy as np

from common.config.architectures import ARCHITECTURES
from common.errors import InputError
from common.model.local_layers import travelling
from common.model.registry import tensor_shapes
from common.model.weights import AnyArray, check_update, weights_of
from common.protocol.messages import Task
from common.text import printable

ROOM_FOR_NAMES = 1_000_000  # bytes beside a model: the list of its tensors


def check_arrays(task: Task) -> None:
    """Refuse a model, or a control variate, of other names, shapes or types, or with values that are not finite.

    Raises
    ------
    InputError
        ``PLAN003`` if the server sent what stays at the hospitals, ``PLAN006`` for anything else.
    """
    whole = tensor_shapes(task.plan.model.name)
    expected = travelling(task.plan.strategy.keeps, whole)
    if staying := sorted(set(task.arrays) & (set(whole) - set(expected))):
        raise InputError("PLAN003", f"The server sent {staying[0]}, which stays at the hospitals in this run.")
    _require("model", check_update(expected, task.arrays))
    if task.reference:
        _require("model to compare with", check_update(expected, task.reference))
    if control := task.extra.global_control:
        known = weights_of(whole) if task.plan.strategy.control_variates else {}
        _require("control variate", _control_problem(known, control))


def largest_model() -> int:
    """Return the size of the largest network's tensors, bytes."""
    return max(model_bytes(name) for name in ARCHITECTURES)


def model_bytes(name: str) -> int:
    """Return the size of a network's tensors, bytes."""
    return sum(array.size * array.itemsize for array in tensor_shapes(name).values())


def _control_problem(known: Mapping[str, AnyArray], control: Mapping[str, AnyArray]) -> str | None:
    if set(known) != set(control):
        return "it does not have the names of the model's weights"
    for name, expected in known.items():
        if control[name].shape != expected.shape or control[name].dtype.kind != "f":
            return f"{name} has another shape or type"
        if not np.isfinite(control[name]).all():
            return f"{name} holds values that are not finite (NaN or infinity)"
    return None


def _require(what: str, problem: str | None) -> None:
    if problem:
        raise InputError("PLAN006", f"The {what} that the server sent cannot be used: {printable(problem)[:200]}.")
