"""What travels between server and hospitals: which tensors are weights, which buffers, what a valid update is."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

AnyArray = npt.NDArray[np.generic]
Arrays = dict[str, AnyArray]

# BatchNorm's buffers, by the names PyTorch gives them
_STATISTICS = ("running_mean", "running_var")
_COUNTERS = ("num_batches_tracked",)


def is_weight(name: str) -> bool:
    """Tell whether a tensor of a state_dict is trained by gradients."""
    return name.rpartition(".")[2] not in (*_STATISTICS, *_COUNTERS)


def weights_of(arrays: Mapping[str, AnyArray]) -> Arrays:
    """Return what gradients train, without BatchNorm's buffers."""
    return {name: array for name, array in arrays.items() if is_weight(name)}


def check_update(reference: Mapping[str, AnyArray], update: Mapping[str, AnyArray]) -> str | None:
    """Say what is wrong with a hospital's update.

    Parameters
    ----------
    reference : mapping of str to ndarray
        The global model that was sent.
    update : mapping of str to ndarray
        What came back.

    Returns
    -------
    str or None
        A reason to refuse it, or None where every tensor has its name, shape, kind and only finite values.
    """
    if missing := sorted(set(reference) - set(update)):
        return f"{len(missing)} tensors are missing, the first is {missing[0]}"
    if extra := sorted(set(update) - set(reference)):
        return f"{len(extra)} unknown tensors, the first is {extra[0]}"
    for name, expected in reference.items():
        tensor = update[name]
        if tensor.shape != expected.shape:
            return f"{name} has shape {list(tensor.shape)} instead of {list(expected.shape)}"
        if tensor.dtype != expected.dtype:
            return f"{name} is of type {tensor.dtype} instead of {expected.dtype}"
        if not np.isfinite(tensor).all():
            return f"{name} holds values that are not finite (NaN or infinity)"
        if name.endswith("running_var") and np.less(tensor, 0).any():
            return f"{name} holds negative variances"
    return None


def average_buffers(updates: Sequence[Mapping[str, AnyArray]], samples: Sequence[float]) -> Arrays:
    """Average BatchNorm's buffers over hospitals, weighted by samples.

    Statistics are a convex combination, so variances stay positive; counters are rounded back to whole numbers.

    Parameters
    ----------
    updates : sequence of mapping
        One checked update a hospital, in a fixed order, so that the sum is reproducible.
    samples : sequence of float
        Training slices of each, or another measure of what it counts.

    Returns
    -------
    dict of str to ndarray
        Only the buffers, each in its own dtype.
    """
    shares = np.asarray(samples, dtype=np.float64) / sum(samples)
    averaged: Arrays = {}
    for name, first in updates[0].items():
        if is_weight(name):
            continue
        mean = sum(share * update[name].astype(np.float64) for share, update in zip(shares, updates, strict=True))
        averaged[name] = np.asarray(np.rint(mean) if first.dtype.kind in "iu" else mean).astype(first.dtype)
    return averaged
