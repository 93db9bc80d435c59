"""Which device trains, and in which precision."""

from __future__ import annotations

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


def autocast(device: torch.device, precision: str) -> contextlib.AbstractContextManager[object]:
    """Return the context of the forward pass.

    ``"auto"`` is bfloat16 on CUDA devices that compute it natively, float32 elsewhere: on CPUs it is rarely faster and
    would change the figures from machine to machine.
    """
    native = device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0)
    if precision == "mixed" or (precision == "auto" and native):
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return contextlib.nullcontext()
