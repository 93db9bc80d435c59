"""What a run's result is, where it is no federation's one model: said in the same words in every file and on screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.config.strategies import EVERYTHING, NORMALISATION, NOTHING, POOLED_STRATEGY

POOLED = (
    "POOLED, not a federation: every hospital's slices left their folders for one loader. "
    "This is a yardstick to measure a federation against, and possible in simulation only."
)

_OWN_MODELS = {
    NORMALISATION: "There is no global model: each hospital kept its own normalisation layers, and the rest is no "
    "model without them. Each hospital's whole model lies in its own cache folder.",
    EVERYTHING: "There is no global model: each hospital trained alone. Its model lies in its own cache folder.",
}


def notice(strategy: str) -> str | None:
    """Return what must be known before a figure of such a run is believed, or None.

    Parameters
    ----------
    strategy : str
        The strategy's name.
    """
    return POOLED if strategy == POOLED_STRATEGY else None


def model_tested(strategy: str, keeps: str, best_round: int) -> str:
    """Return which model was tested, for example "fedavg, model of round 7".

    Parameters
    ----------
    strategy : str
        The strategy's name.
    keeps : str
        What stays at the hospitals.
    best_round : int
        Of the run.
    """
    if keeps == EVERYTHING:
        return f"{strategy}, each hospital's own model of its own best round"
    own = ", each hospital with its own normalisation" if keeps == NORMALISATION else ""
    return f"{strategy}, model of round {best_round}{own}"


def no_shared_model(keeps: str) -> str | None:
    """Say why a run has no ``global_model.pth``, or return None where it has one.

    Parameters
    ----------
    keeps : str
        What stays at the hospitals, one of `common.config.strategies.LOCAL_LAYERS`.
    """
    return _OWN_MODELS.get(keeps)


def kind_json(strategy: str, keeps: str, token: str, best_epochs: Mapping[str, int], best_round: int) -> dict[str, Any]:
    """Return what ``model_meta.json`` says of the kind of a run.

    Parameters
    ----------
    strategy, keeps : str
        The strategy's name, and what stays at the hospitals.
    token : str
        Names the folder below each hospital's cache folder in which its own model lies.
    best_epochs : mapping of str to int
        Hospital's name to the round whose model it tested.
    best_round : int
        Of the run.
    """
    shared = keeps == NOTHING
    return {
        "pooled": strategy == POOLED_STRATEGY,
        "model_tested": model_tested(strategy, keeps, best_round),
        "notice": notice(strategy),
        "no_shared_model": no_shared_model(keeps),
        "personal_models": None if shared else {"folder": f"runs/{token}", "best_epochs": dict(best_epochs)},
    }
