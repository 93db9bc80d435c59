"""Files of tensors, whole or absent; apart from `common.files`, whose users need not wait for PyTorch."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from common.files import write_bytes

Weights = Mapping[str, torch.Tensor]


def write_weights(path: Path, state: Weights) -> str:
    """Replace a file of weights in one step.

    Parameters
    ----------
    path : Path
        Target, read back with ``torch.load(path, weights_only=True)``.
    state : mapping of str to Tensor
        A plain ``state_dict``.

    Returns
    -------
    str
        SHA-256 of the file, hexadecimal.
    """
    return _write_torch(path, {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()})


def write_checkpoint(path: Path, content: dict[str, Any]) -> str:
    """Replace a checkpoint of tensors, numbers, texts, lists and dictionaries; returns its SHA-256."""
    return _write_torch(path, content)


def _write_torch(path: Path, content: dict[str, Any]) -> str:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_bytes(path, buffer.getvalue())
    return hashlib.sha256(buffer.getvalue()).hexdigest()
