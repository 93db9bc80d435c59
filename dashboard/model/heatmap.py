"""Grad-CAM of the network's last convolution, where the evidence for a class was drawn from, and its heat over a slice.

The network is split before its pooling, so no hook is needed and nothing is written into a model that sessions share.
The heat is magma, whose lightness rises evenly; what is hardly warm is left as it is.
"""

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from plotly.colors import sequential
from torch import nn

from common.config.architectures import ARCHITECTURES, DEFAULT_ARCHITECTURE

POOLING = ARCHITECTURES[DEFAULT_ARCHITECTURE].pooling
COLD = 0.25
_RAMP = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in sequential.Magma], dtype=np.float64)


def trunk(model: nn.Module, batch: torch.Tensor, pooling: str = POOLING) -> torch.Tensor:
    """Return the last convolution's maps, float32 ``[B, channels, h, w]``, without a graph."""
    with torch.no_grad():
        for name, part in model.named_children():
            if name == pooling:
                break
            batch = part(batch)
    return batch


def head(model: nn.Module, maps: torch.Tensor, pooling: str = POOLING) -> torch.Tensor:
    """Return the logits ``[B, 4]`` of the trunk's maps."""
    parts = dict(model.named_children())
    logits: torch.Tensor = torch.flatten(parts[pooling](maps), 1)
    for name in list(parts)[list(parts).index(pooling) + 1 :]:
        logits = parts[name](logits)
    return logits


def grad_cam(model: nn.Module, maps: torch.Tensor, target: int, pooling: str = POOLING) -> npt.NDArray[np.float32]:
    """Weigh the maps of one image by the mean gradient of a class's logit.

    Parameters
    ----------
    model : nn.Module
        In evaluation mode; left as it is, ``.grad`` of its parameters included.
    maps : Tensor
        From :func:`trunk`, ``[1, channels, h, w]``.
    target : int
        Index of the class.
    pooling : str
        The child that pools (see `common.config.architectures`).

    Returns
    -------
    ndarray of float32, shape [h, w]
        0 to 1, its highest value 1; all 0 where nothing speaks for the class.
    """
    maps = maps.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(head(model, maps, pooling)[0, target], maps)
    weighted = (gradient.mean(dim=(2, 3), keepdim=True) * maps.detach()).sum(dim=1)[0]
    heat = torch.relu(weighted)
    return (heat / heat.max().clamp_min(1e-12)).numpy()


def fit(image: Image.Image, edge: int) -> Image.Image:
    """Shrink a large image, aspect kept, so that its longer side is at most `edge` pixels; a small one stays."""
    scale = edge / max(image.size)
    if scale >= 1.0:
        return image
    size = (max(round(image.width * scale), 1), max(round(image.height * scale), 1))
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def magma(heat: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """Colour values ``[H, W]`` from 0 to 1; returns RGB ``[H, W, 3]``."""
    stops = np.linspace(0.0, 1.0, len(_RAMP))
    return np.stack([np.interp(heat, stops, _RAMP[:, channel]) for channel in range(3)], axis=-1).astype(np.uint8)


def overlay(image: Image.Image, heat: npt.NDArray[np.float32], strength: float) -> Image.Image:
    """Lay heat over a slice.

    Parameters
    ----------
    image : PIL.Image.Image
        RGB, any size; the answer has the same.
    heat : ndarray of float32, shape [h, w]
        0 to 1, from Grad-CAM; brought to the image's size.
    strength : float
        0 (the slice alone) to 1 (the hottest place covered).
    """
    large = Image.fromarray(np.asarray(heat, dtype=np.float32)).resize(image.size, Image.Resampling.BICUBIC)
    warm = np.clip(np.asarray(large), 0.0, 1.0)
    cover = strength * np.clip((warm - COLD) / (1.0 - COLD), 0.0, 1.0)
    base = np.asarray(image.convert("RGB"), dtype=np.float64)
    mixed = base + (magma(warm).astype(np.float64) - base) * cover[..., None]
    return Image.fromarray(np.rint(mixed).astype(np.uint8))
