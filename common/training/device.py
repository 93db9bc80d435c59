"""Which device trains, and in which precision."""

import contextlib
import os

import torch

from common.errors import InputError


def available_cores() -> int:
    """Return how many CPU cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def pick_device(choice: str) -> torch.device:
    """Return the device for ``"auto"``, ``"cpu"`` or ``"cuda"``.

    Raises
    ------
    InputError
        ``DEV001`` if CUDA is asked for and there is none.
    """
    if choice == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "DEV001", "compute.device=cuda was asked for, but PyTorch sees no CUDA device here; use auto or cpu."
        )
    if choice == "auto":
        choice = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(choice)


def computes_bfloat16(device: torch.device) -> bool:
    """Tell whether a device multiplies bfloat16 by instructions of its own; where it emulates them, it is slower.

    On a CPU with AVX512-BF16, ResNet18 trained 1.4 (64 px) to 2.0 (224 px) times as many slices a second as in float32
    (two threads, batch 32, medians of four turns).
    """
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    # PyTorch tells this of a CPU only by names with an underscore; a release without them trains in float32
    asks = (getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
    return any(ask() for ask in asks if ask)


def uses_bfloat16(device: torch.device, precision: str) -> bool:
    """Tell whether training multiplies in bfloat16; weights, sums and the optimiser are float32 either way.

    Parameters
    ----------
    device : torch.device
        Where to train.
    precision : str
        ``"auto"`` (bfloat16 where the device has instructions for it), ``"float32"`` or ``"mixed"``.
    """
    return precision == "mixed" or (precision == "auto" and computes_bfloat16(device))


def autocast(device: torch.device, precision: str) -> contextlib.AbstractContextManager[object]:
    """Return the context of a training step's forward pass; see `uses_bfloat16`."""
    if uses_bfloat16(device, precision):
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return contextlib.nullcontext()
