"""A model whose parts live in two places: what the server sent, and what this hospital kept of an earlier round.

What a hospital keeps of a run between messages, in its own cache folder: tensors that never travel.

The next message may reach another process, so nothing is kept in memory. The server only says which run and which
round; a round that is repeated, or a run that is resumed, finds what that round had.

A hospital's side of SCAFFOLD: its control variate stays in its own cache folder, one file for each round.

The server needs no copy: what it adds to the mean of all control variates follows from the trained model, which it gets
anyway (see `server.strategies.scaffold`). So a hospital sends no more than with FedAvg, and cannot send a control
variate that belongs to no training.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from clients.site import Site
from common.artifacts.weights import write_weights
from common.errors import InputError, RunError
from common.model.local_layers import EVERYTHING, NOTHING, staying, travelling
from common.model.registry import initial_weights
from common.model.state import arrays_from_state, state_from_arrays
from common.model.weights import Arrays
from common.protocol.plan import Plan
from common.training.gradients import Correction, controlled, mean_gradient, renewed, summed_rates

_WHOLE = "model"  # the start of the names of files that hold a whole model


@dataclass(frozen=True)
class Own:
    """What the server says of the hospital's own tensors.

    Attributes
    ----------
    token : str
        The run's; empty where nothing is kept.
    number : int
        The round whose tensors go with the model; 0 for the first ones, which follow from the seed.
    hold : int
        A round whose tensors will be asked for later.
    """

    token: str = ""
    number: int = 0
    hold: int = 0


NO_OWN = Own()


def whole_model(site: Site, plan: Plan, own: Own, received: Mapping[str, npt.NDArray[np.generic]]) -> Arrays:
    """Join what was sent with what was kept.

    Parameters
    ----------
    site : Site
        This hospital.
    plan : Plan
        Says what stays at hospitals.
    own : Own
        Which round's tensors.
    received : mapping of str to ndarray
        What the server sent: all of the model, a part or nothing.

    Returns
    -------
    dict of str to ndarray
        A complete state_dict.

    Raises
    ------
    InputError
        ``PLAN003`` if the server sent what stays at the hospitals.
    RunError
        ``STORE002`` if what was kept is gone.
    """
    keeps = plan.strategy.keeps
    if keeps == NOTHING:
        return dict(received)
    if own.number:
        kept = _store(site, plan, own).load(own.number)
    else:
        kept = staying(keeps, arrays_from_state(initial_weights(plan.model.name, plan.seed)))
    if wrong := sorted(set(kept) & set(received)):
        raise InputError("PLAN003", f"The server sent {wrong[0]}, which stays at the hospitals in this run.")
    return {**received, **kept}


def keep(site: Site, plan: Plan, own: Own, number: int, trained: Arrays) -> Arrays:
    """Put away what stays of a trained model.

    Parameters
    ----------
    site, plan, own
        As in `whole_model`.
    number : int
        The round that was trained.
    trained : dict of str to ndarray
        A complete state_dict.

    Returns
    -------
    dict of str to ndarray
        The part that travels.
    """
    keeps = plan.strategy.keeps
    if keeps != NOTHING:
        store = _store(site, plan, own)
        store.save(number, staying(keeps, trained))
        store.hold_on_to({own.number, own.hold, number})
    return travelling(keeps, trained)


def keep_tested(site: Site, plan: Plan, own: Own, number: int, model: Arrays) -> None:
    """At a run's end keep the tested model, whole, and of the rounds only what a repeated test needs.

    The parameters are those of `keep`.
    """
    if plan.strategy.keeps != NOTHING and own.number:
        _store(site, plan, own).hold_on_to({own.number})
        if plan.strategy.keeps != EVERYTHING:  # otherwise what was kept is the whole model
            RunStore(site.cache_dir, own.token, site.hospital.key, _WHOLE).save(number, model)


def _store(site: Site, plan: Plan, own: Own) -> RunStore:
    series = _WHOLE if plan.strategy.keeps == EVERYTHING else plan.strategy.keeps
    return RunStore(site.cache_dir, own.token, site.hospital.key, series)


_TOKEN = re.compile(r"[0-9a-f]{32}")
_ROUND = re.compile(r"-round-(\d+)\.pth$")


class RunStore:
    """One hospital's tensors of one run, a file for each round that is still needed.

    Parameters
    ----------
    cache_dir : Path
        The hospital's cache folder.
    token : str
        The run's, 32 hexadecimal digits.
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
        if not _TOKEN.fullmatch(token):
            raise InputError("STORE001", "The server names no run to keep anything of; use the same version.")
        self.folder = cache_dir / "runs" / token / hospital
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
            raise RunError("DISK001", f"{self.folder} cannot be made ({error.strerror}); make room there.") from None
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
            return arrays_from_state(torch.load(path, weights_only=True))
        except Exception:  # the unpickler and the zip reader raise nearly every built-in type on damaged input
            raise RunError(
                "STORE002",
                f"{path} is missing or damaged, so this hospital cannot go on with what it kept of round {number}; "
                "put the file back, or start a new run.",
            ) from None

    def hold_on_to(self, numbers: Collection[int]) -> None:
        """Remove every other round's file; with no number, the folders, too."""
        for path in self.folder.glob(f"{self._series}-round-*.pth"):
            match = _ROUND.search(path.name)
            if match and int(match[1]) not in numbers:
                path.unlink(missing_ok=True)
        if not numbers:
            self._remove_empty()

    def _remove_empty(self) -> None:
        """Remove the hospital's folder and the run's, unless something else lies there."""
        with contextlib.suppress(OSError):
            self.folder.rmdir()
            self.folder.parent.rmdir()

    def _path(self, number: int) -> Path:
        return self.folder / f"{self._series}-round-{number:04d}.pth"


_SERIES = "control"


class Control:
    """One training's control variates.

    Parameters
    ----------
    site, plan : Site, Plan
        This hospital, and what the server decided.
    own : Own
        The round in which its training was last accepted: its control variate is that round's.
    everybody : mapping of str to ndarray
        The mean of all hospitals' control variates; empty in the first round.

    Raises
    ------
    RunError
        ``STORE002`` if the hospital's own is gone.
    """

    def __init__(self, site: Site, plan: Plan, own: Own, everybody: Mapping[str, npt.NDArray[np.generic]]) -> None:
        self._store = RunStore(site.cache_dir, own.token, site.hospital.key, _SERIES)
        self._plan = plan
        self._number = own.number
        self._everybody = dict(everybody)
        self._own = self._store.load(own.number) if own.number else self._everybody

    def correction(self, model: nn.Module) -> Correction | None:
        """Return what each step adds to the gradients; nothing for a hospital that trains for the first time."""
        if not self._number:
            return None
        return controlled(model, {name: np.subtract(array, self._own[name]) for name, array in self._everybody.items()})

    def keep(self, number: int, start: Arrays, end: Arrays, samples: int) -> None:
        """Put away the new control variate, beside the one that a repetition of this round would start from.

        Parameters
        ----------
        number : int
            The round that was trained.
        start, end : dict of str to ndarray
            The model as it was sent, and as it was trained.
        samples : int
            Training slices.
        """
        seen = mean_gradient(start, end, summed_rates(samples, self._plan.train, number, self._plan.rounds))
        self._store.save(number, renewed(self._own, self._everybody, seen) if self._number else seen)
        self._store.hold_on_to({self._number, number})


def forget_control(site: Site, plan: Plan, own: Own) -> None:
    """Remove what was kept: at a run's test there are no rounds to come."""
    if plan.strategy.control_variates:
        RunStore(site.cache_dir, own.token, site.hospital.key, _SERIES).hold_on_to(())
