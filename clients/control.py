"""A hospital's side of SCAFFOLD: its control variate stays in its own cache folder, one file for each round.

The server needs no copy: what it adds to the mean of all control variates follows from the trained model, which it gets
anyway (see `server.strategies.scaffold`). So a hospital sends no more than with FedAvg, and cannot send a control
variate that belongs to no training.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from torch import nn

from clients.local_state import Own
from clients.run_store import RunStore
from clients.site import Site
from common.model.weights import Arrays
from common.protocol.plan import Plan
from common.training.control_variates import mean_gradient, renewed, summed_rates
from common.training.gradients import Correction, controlled

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
