"""Which of a model's tensors stay at a hospital, by the strategy's word for it.

``"nothing"`` is a federation with one shared model. ``"normalisation"`` keeps each hospital's BatchNorm layers, whole
(FedBN: Li et al., ICLR 2021). ``"everything"`` leaves each hospital to itself.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from common.config.strategies import EVERYTHING, NORMALISATION, NOTHING
from common.model.weights import Arrays


def kept_names(keeps: str, names: Iterable[str]) -> frozenset[str]:
    """Return the tensors of a state_dict that never travel.

    Parameters
    ----------
    keeps : str
        One of `common.config.strategies.LOCAL_LAYERS`.
    names : iterable of str
        Every tensor's name; a BatchNorm layer is one that has a ``running_mean``.

    Raises
    ------
    ValueError
        If `keeps` is none of them.
    """
    everything = frozenset(names)
    layers = {name.rpartition(".")[0] for name in everything if name.endswith("running_mean")}
    kept = {
        NOTHING: frozenset[str](),
        NORMALISATION: frozenset(name for name in everything if name.rpartition(".")[0] in layers),
        EVERYTHING: everything,
    }
    if keeps not in kept:
        raise ValueError(f"unknown way to keep tensors {keeps!r}")
    return kept[keeps]


def travelling(keeps: str, arrays: Mapping[str, npt.NDArray[np.generic]]) -> Arrays:
    """Return the part of a model that travels, in its order."""
    kept = kept_names(keeps, arrays)
    return {name: array for name, array in arrays.items() if name not in kept}


def staying(keeps: str, arrays: Mapping[str, npt.NDArray[np.generic]]) -> Arrays:
    """Return the part of a model that stays at the hospital, in its order."""
    kept = kept_names(keeps, arrays)
    return {name: array for name, array in arrays.items() if name in kept}
