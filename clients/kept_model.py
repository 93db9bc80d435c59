"""The global model that a hospital was sent last, kept in its own cache folder, so that no model comes twice.

Validation brings a model; the training that follows only names it, by the digest of its tensors. What is kept is one
file a run, the very bytes that the digest is of, so that a damaged one is never taken for the model. It goes when the
run is tested. A hospital that does not have what is named says so, and is sent the whole model.
"""

import hashlib
import logging
from dataclasses import replace
from pathlib import Path

from clients.local_state import run_folder
from clients.site import Site
from common.errors import InputError, RunError
from common.files import open_regular, why
from common.files import replace as replace_file
from common.model.local_layers import travelling
from common.model.registry import initial_weights, tensor_shapes
from common.model.state import arrays_from_state
from common.model.weights import Arrays
from common.protocol.arrays import ROOM_FOR_NAMES, check_arrays, largest_model
from common.protocol.codec import payload_bytes
from common.protocol.digest import digest_of, from_stream, stream
from common.protocol.messages import Task
from common.protocol.names import NO_MODEL
from common.protocol.plan import Plan
from common.protocol.postprocess import chain_of

KEPT = "global-model"  # the file's name

log = logging.getLogger("clients")


def received(site: Site, task: Task) -> Task:
    """Return a task with the model that it means, checked; keep one that is new.

    Raises
    ------
    InputError
        ``PLAN003``, ``PLAN006`` for what is not the model of the plan, or not the one that is named.
    RunError
        ``STORE003`` if the model is named that is not here.
    """
    if not task.model:  # nothing is to be kept, as in a simulation
        check_arrays(task)
        _require_agreed(task)
        return task
    by_name = not task.arrays and not task.base
    whole = replace(task, arrays=_kept(site, task, task.model) if by_name else _sent(site, task), base="")
    check_arrays(whole)
    _require_agreed(whole)
    if not by_name:
        _require_named(whole)
        if task.split != "test":
            _keep(site, whole)
    order = tensor_shapes(task.plan.model.name)  # so that what is stored of it is the same file as in a simulation
    return replace(whole, arrays={name: whole.arrays[name] for name in order if name in whole.arrays})


def forget_model(site: Site, task: Task) -> None:
    """Remove the kept model: after a run's test none is asked for."""
    if task.model:
        _path(site, task).unlink(missing_ok=True)


def _sent(site: Site, task: Task) -> Arrays:
    """Return the model that came, whole or as a difference to a kept one."""
    if not task.base:
        return task.arrays
    base = _kept(site, task, task.base)
    try:
        return chain_of(task.plan).from_server(task.arrays, base)
    except ValueError:
        raise InputError("PLAN006", "The difference between two models that the server sent cannot be read.") from None


def _require_named(task: Task) -> None:
    if digest_of(task.arrays) != task.model:
        raise InputError("PLAN006", "The model that the server sent is not the one that it names.")


def _require_agreed(task: Task) -> None:
    """An evaluation is of the plan's models: a centre may not try one after the other on a hospital's slices."""
    agreed = task.plan.evaluation
    if task.plan.evaluates and digest_of(task.arrays) != agreed.model:
        raise InputError("PLAN006", "The model that the server sent is not the one that its plan is to evaluate.")
    if (digest_of(task.reference) if task.reference else "") != agreed.reference:
        raise InputError("PLAN006", "The model to compare with is not the one that the server's plan names.")


def _kept(site: Site, task: Task, digest: str) -> Arrays:
    """Return the model of this digest: the kept one, or the first of the run, which follows from the seed."""
    found = _read(_path(site, task), digest)
    if found is None:
        found = _first(task.plan, digest)
    if found is None:
        raise RunError(NO_MODEL, "The model that the centre names is not kept here; the centre sends it whole.")
    return found


def _read(path: Path, digest: str) -> Arrays | None:
    """Read the file, if it is there and whole."""
    try:
        with open_regular(path) as file:
            content = file.read(largest_model() + ROOM_FOR_NAMES)
    except OSError:
        return None
    if hashlib.sha256(content).hexdigest() != digest:
        return None
    return {name: array.copy() for name, array in from_stream(content).items()}  # each where its type may lie


def _first(plan: Plan, digest: str) -> Arrays | None:
    """Return the first weights of a run; another version of PyTorch may make others."""
    first = travelling(plan.strategy.keeps, arrays_from_state(initial_weights(plan.model.name, plan.seed)))
    return first if digest_of(first) == digest else None


def _keep(site: Site, task: Task) -> None:
    """Keep the model; where there is no room for it the centre will send the next one whole, too."""
    path, policy = _path(site, task), site.policy
    if policy and policy.runs_gigabytes * 10**9 < payload_bytes(task.arrays):
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(path, b"".join(stream(task.arrays)), mode=0o600)
    except OSError as error:
        log.warning(
            "%s cannot be written (%s), so the centre sends each model whole; make room there.", path, why(error)
        )


def _path(site: Site, task: Task) -> Path:
    return run_folder(site, task.extra.local.token) / KEPT
