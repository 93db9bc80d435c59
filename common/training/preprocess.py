"""From uint8 pixels to what the model sees; training, evaluation and the dashboard's prediction all pass here."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from common.data.decode import to_square

IMAGENET_MEAN: tuple[float, float, float] = (0.485, 0.456, 0.406)
IMAGENET_STD: tuple[float, float, float] = (0.229, 0.224, 0.225)


def to_batch(pixels: np.ndarray) -> Tensor:
    """Wrap pixels as a batch without copying them.

    Parameters
    ----------
    pixels : numpy.ndarray
        ``uint8 [B, S, S, 3]``, for example ``library.pixels[indices]``. A read-only view is copied.

    Returns
    -------
    torch.Tensor
        ``uint8 [B, 3, S, S]`` on the CPU, ``channels_last`` in memory.
    """
    array = np.ascontiguousarray(pixels)
    return torch.from_numpy(array if array.flags.writeable else array.copy()).permute(0, 3, 1, 2)


def normalise(batch: Tensor) -> Tensor:
    """Scale to 0..1 and apply the ImageNet mean and deviation, as version 1 did.

    Parameters
    ----------
    batch : torch.Tensor
        ``uint8 [B, 3, H, W]``, on any device.

    Returns
    -------
    torch.Tensor
        ``float32 [B, 3, H, W]`` on the same device, ``channels_last`` in memory.

    Raises
    ------
    TypeError
        The batch is not ``uint8``: it was normalised before.
    """
    if batch.dtype != torch.uint8:
        raise TypeError(f"normalise expects uint8 pixels, not {batch.dtype}: the batch was normalised before")
    return normalise_levels(batch.to(torch.float32))


def normalise_levels(levels: Tensor) -> Tensor:
    """Apply the ImageNet mean and deviation to grey levels between 0 and 255 that need not be whole numbers.

    Parameters
    ----------
    levels : torch.Tensor
        ``float32 [B, 3, H, W]``, or ``[B, 1, H, W]`` where the three channels are equal.

    Returns
    -------
    torch.Tensor
        ``float32 [B, 3, H, W]`` on the same device, ``channels_last`` in memory.
    """
    count, _, height, width = levels.shape
    shape = (count, 3, height, width)
    out = torch.empty(shape, dtype=torch.float32, device=levels.device, memory_format=torch.channels_last)
    mean, std = (torch.tensor(values, device=levels.device) for values in (IMAGENET_MEAN, IMAGENET_STD))
    torch.sub(levels, 255.0 * mean.view(1, 3, 1, 1), out=out)
    return out.div_(255.0 * std.view(1, 3, 1, 1))


def preprocess(image: Image.Image, size: int) -> Tensor:
    """Bring one decoded image to the model's input, exactly as an evaluation slice is.

    Parameters
    ----------
    image : PIL.Image.Image
        From ``decode_rgb``.
    size : int
        Edge of the model's input in pixels.

    Returns
    -------
    torch.Tensor
        ``float32 [1, 3, size, size]`` on the CPU.
    """
    return normalise(to_batch(to_square(image, size)[np.newaxis]))
