"""Files of tensors: written whole, and asked whether they hold this project's network; the one room here with torch."""

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from common.config.architectures import ARCHITECTURES, DEFAULT_ARCHITECTURE
from common.errors import InputError
from common.files import write_bytes
from common.model.registry import build_model


def write_weights(path: Path, state: Mapping[str, torch.Tensor]) -> str:
    """Replace a file of weights in one step and return its SHA-256, hexadecimal.

    It is read back with ``torch.load(path, weights_only=True)``.
    """
    content = weights_file(state)
    write_bytes(path, content)
    return hashlib.sha256(content).hexdigest()


def weights_file(state: Mapping[str, torch.Tensor]) -> bytes:
    """Return the content of a file of weights."""
    return checkpoint_file({name: tensor.detach().cpu().contiguous() for name, tensor in state.items()})


def checkpoint_file(content: dict[str, Any]) -> bytes:
    """Return the content of a checkpoint of tensors, numbers, texts, lists and dictionaries."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def check_weights(
    content: bytes, expected_sha256: str | None, name: str, network: str = DEFAULT_ARCHITECTURE
) -> dict[str, torch.Tensor]:
    """Load weights as data only and refuse everything that is not the project's network.

    Parameters
    ----------
    expected_sha256 : str or None
        What ``model_meta.json`` says; None where it says nothing (version 1).
    name : str
        The file's name, for the sentence.
    network : str
        What `model_meta.json` calls the network.

    Returns
    -------
    dict of str to Tensor
        A plain state_dict on the CPU that loads strictly into ``build_model(network)``.

    Raises
    ------
    InputError
        ``SERVICE004`` with what is wrong.
    """
    if expected_sha256 is not None and hashlib.sha256(content).hexdigest() != expected_sha256:
        raise InputError("SERVICE004", f"{name} is damaged: its SHA-256 is not the one in model_meta.json.")
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception:  # the unpickler and the zip reader raise nearly every built-in type on damaged input
        raise InputError("SERVICE004", f"{name} is damaged or is no file of weights.") from None
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise InputError("SERVICE004", f"{name} holds something else than a plain state_dict of tensors.")
    _check_fit(state, name, network)
    return state


def _check_fit(state: dict[str, torch.Tensor], name: str, network: str) -> None:
    if network not in ARCHITECTURES:
        raise InputError("SERVICE004", f"{name} is of a network that this version does not know, {network}.")
    with torch.device("meta"):  # shapes alone: nothing is allocated or initialised
        model = build_model(network)
    try:
        model.load_state_dict(state, strict=True, assign=True)
    except (RuntimeError, TypeError, AttributeError):
        title = ARCHITECTURES[network].title
        raise InputError("SERVICE004", f"{name} does not fit the network, {title} with four classes.") from None
    if not all(bool(torch.isfinite(value).all()) for value in state.values()):
        raise InputError("SERVICE004", f"{name} holds values that are not finite (NaN or infinity).")
