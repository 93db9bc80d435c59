"""What a hospital keeps of a run between messages, in its own cache folder: tensors that never travel.

The next message may reach another process, so nothing is kept in memory. The server only says which run and which
round; a round that is repeated, or a run that is resumed, finds what that round had.
"""

import contextlib
import re
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np
import torch
from torch import nn

from clients.site import Site
from common.artifacts.weights import write_weights
from common.config.strategies import EVERYTHING, NOTHING
from common.errors import InputError, RunError
from common.files import open_regular, sweep, why
from common.model.local_layers import staying, travelling
from common.model.registry import initial_weights
from common.model.state import arrays_from_state, state_from_arrays
from common.model.weights import Arrays
from common.protocol.messages import Task
from common.protocol.postprocess import StepState
from common.training.gradients import Correction, controlled, mean_gradient, renewed, summed_rates

_WHOLE = "model"  # the start of the names of files that hold a whole model
_CONTROL = "control"
_STEP = "step-"
_TOKEN = re.compile(r"[0-9a-f]{32}")
_ROUND = re.compile(r"-round-(\d+)\.pth$")


class RoundFiles:
    """One hospital's tensors of one run, a file for each round that is still needed.

    Parameters
    ----------
    hospital : str
        The hospital's key; simulated hospitals share a cache folder.
    series : str
        What is kept, for example ``"model"``; the start of the files' names.

    Raises
    ------
    InputError
        ``STORE001`` for a token that is none: it comes from the server and becomes the name of a folder.
    """

    def __init__(self, cache_dir: Path, token: str, hospital: str, series: str) -> None:
        self.folder = _folder_of(cache_dir, token, hospital)
        self._series = series

    def save(self, number: int, arrays: Arrays) -> Path:
        """Keep tensors as those of a round; what this round had before is replaced.

        Returns
        -------
        Path
            The file, a plain state_dict.

        Raises
        ------
        RunError
            ``DISK001`` if the folder cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise RunError("DISK001", f"{self.folder} cannot be made ({why(error)}); make room there.") from None
        path = self._path(number)
        write_weights(path, state_from_arrays(arrays))
        return path

    def load(self, number: int) -> Arrays:
        """Return the tensors of a round.

        Raises
        ------
        RunError
            ``STORE002`` if they are gone or damaged; another round's would be another result.
        """
        path = self._path(number)
        try:
            with open_regular(path) as file:
                return arrays_from_state(torch.load(file, weights_only=True))
        except Exception:  # the unpickler and the zip reader raise nearly every built-in type on damaged input
            raise RunError(
                "STORE002",
                f"{path} is missing or damaged, so this hospital cannot go on with what it kept of round {number}; "
                "put the file back, or start a new run.",
            ) from None

    def retain(self, numbers: Collection[int]) -> None:
        """Remove every other round's file; with no number, the folders, too."""
        sweep(self.folder)
        for path in self.folder.glob(f"{self._series}-round-*.pth"):
            match = _ROUND.search(path.name)
            if match and int(match[1]) not in numbers:
                path.unlink(missing_ok=True)
        if not numbers:
            with contextlib.suppress(OSError):  # something else lies there
                self.folder.rmdir()
                self.folder.parent.rmdir()

    def _path(self, number: int) -> Path:
        return self.folder / f"{self._series}-round-{number:04d}.pth"


def run_folder(site: Site, token: str) -> Path:
    """Return where a hospital keeps what it keeps of a run; raises as `RoundFiles`."""
    return _folder_of(site.cache_dir, token, site.hospital.key)


def _folder_of(cache_dir: Path, token: str, hospital: str) -> Path:
    if not _TOKEN.fullmatch(token):
        raise InputError("STORE001", "The server names no run to keep anything of; use the same version.")
    return cache_dir / "runs" / token / hospital


def whole_model(site: Site, task: Task) -> Arrays:
    """Join what was sent with what was kept to a complete state_dict.

    Raises
    ------
    InputError
        ``PLAN003`` if the server sent what stays at the hospitals.
    RunError
        ``STORE002`` if what was kept is gone.
    """
    plan, ref = task.plan, task.extra.local
    keeps = plan.strategy.keeps
    if keeps == NOTHING:
        return dict(task.arrays)
    if ref.round:
        kept = _layers(site, task).load(ref.round)
    else:
        kept = staying(keeps, arrays_from_state(initial_weights(plan.model.name, plan.seed)))
    if wrong := sorted(set(kept) & set(task.arrays)):
        raise InputError("PLAN003", f"The server sent {wrong[0]}, which stays at the hospitals in this run.")
    return {**task.arrays, **kept}


def keep_local_layers(site: Site, task: Task, trained: Arrays) -> Arrays:
    """Put away what stays of a trained model, a complete state_dict, and return the part that travels."""
    keeps, ref = task.plan.strategy.keeps, task.extra.local
    if keeps != NOTHING:
        files = _layers(site, task)
        files.save(task.server_round, staying(keeps, trained))
        files.retain({ref.round, ref.retain_round, task.server_round})
    return travelling(keeps, trained)


def keep_tested(site: Site, task: Task, model: Arrays) -> None:
    """At a run's end keep the tested model, whole, and of the rounds only what a repeated test needs."""
    keeps, ref = task.plan.strategy.keeps, task.extra.local
    if keeps != NOTHING and ref.round:
        _layers(site, task).retain({ref.round})
        if keeps != EVERYTHING:  # otherwise what was kept is the whole model
            _files(site, task, _WHOLE).save(task.server_round, model)


def _layers(site: Site, task: Task) -> RoundFiles:
    keeps = task.plan.strategy.keeps
    return _files(site, task, _WHOLE if keeps == EVERYTHING else keeps)


def _files(site: Site, task: Task, series: str) -> RoundFiles:
    return RoundFiles(site.cache_dir, task.extra.local.token, site.hospital.key, series)


def step_states(site: Site, task: Task) -> Callable[[str], StepState]:
    """Return where each step of the chain keeps its tensors: as those of the round that is being trained."""
    last = task.extra.local.round

    def state_of(step: str) -> StepState:
        def load() -> Arrays:
            return _files(site, task, f"{_STEP}{step}").load(last) if last else {}

        def save(arrays: Arrays) -> None:
            files = _files(site, task, f"{_STEP}{step}")
            files.save(task.server_round, arrays)
            files.retain({last, task.server_round})

        return StepState(load, save)

    return state_of


def forget_rounds(site: Site, task: Task) -> None:
    """Remove control variates and what the chain's steps kept: at a run's test there are no rounds to come."""
    if task.extra.local.token:
        for series in (_CONTROL, f"{_STEP}*"):
            _files(site, task, series).retain(())


class ControlVariate:
    """SCAFFOLD at a hospital: its control variate stays in its own cache folder, one file for each round.

    The server needs no copy: what it adds to the mean of all control variates follows from the trained model, which it
    gets anyway (see `server.strategies.scaffold`). So a hospital sends no more than with FedAvg, and cannot send a
    control variate that belongs to no training.

    Raises
    ------
    RunError
        ``STORE002`` if the hospital's own is gone.
    """

    def __init__(self, site: Site, task: Task) -> None:
        self._task = task
        self._files = _files(site, task, _CONTROL)
        self._global = dict(task.extra.global_control)
        self._last_round = task.extra.local.round
        self._own = self._files.load(self._last_round) if self._last_round else self._global

    def correction(self, model: nn.Module) -> Correction | None:
        """Return what each step adds to the gradients; nothing for a hospital that trains for the first time."""
        if not self._last_round:
            return None
        return controlled(model, {name: np.subtract(array, self._own[name]) for name, array in self._global.items()})

    def keep(self, start: Arrays, end: Arrays, samples: int) -> None:
        """Put away the new one, beside the one that a repetition of this round would start from.

        Parameters
        ----------
        start, end : dict of str to ndarray
            The model as it was sent, and as it was trained.
        samples : int
            Training slices.
        """
        plan, number = self._task.plan, self._task.server_round
        seen = mean_gradient(start, end, summed_rates(samples, plan.train, number, plan.rounds))
        self._files.save(number, renewed(self._own, self._global, seen) if self._last_round else seen)
        self._files.retain({self._last_round, number})
