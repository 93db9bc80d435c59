"""Files that are whole or absent: written beside their place, then moved there in one step."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from common.errors import RunError

Weights = Mapping[str, torch.Tensor]


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file by `content`; a reader sees the old or the new one, never half.

    Raises
    ------
    RunError
        ``DISK001`` if the file cannot be written (disk full, no permission); the old file is untouched.
    """
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise RunError(
            "DISK001",
            f"{path} cannot be written ({error.strerror}); free space or permissions there, then resume the run.",
        ) from None


def write_text(path: Path, content: str) -> None:
    """Replace a text file (UTF-8) in one step."""
    write_bytes(path, content.encode())


def write_json(path: Path, content: Any) -> None:
    """Replace a JSON file in one step; NaN and infinity are refused, since JSON has no word for them."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


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


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
