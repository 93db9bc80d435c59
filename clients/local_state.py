"""A model whose parts live in two places: what the server sent, and what this hospital kept of an earlier round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clients.run_store import RunStore
from clients.site import Site
from common.errors import InputError
from common.model.local_layers import EVERYTHING, NOTHING, staying, travelling
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.model.weights import Arrays
from common.protocol.plan import Plan

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
