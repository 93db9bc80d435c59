"""Are these bytes a model of ours? Asked before weights are put in service and before they answer a question."""

from __future__ import annotations

import hashlib
import io

import torch

from common.config.architectures import ARCHITECTURES, DEFAULT_ARCHITECTURE
from common.errors import InputError
from common.model.registry import build_model


def check_weights(
    content: bytes, expected_sha256: str | None, name: str, network: str = DEFAULT_ARCHITECTURE
) -> dict[str, torch.Tensor]:
    """Load weights as data only and refuse everything that is not the project's network.

    Parameters
    ----------
    content : bytes
        A file's content.
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
