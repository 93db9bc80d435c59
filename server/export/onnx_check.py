"""Does an exported graph say what the model says in evaluation? Asked with noise and with drawn slices."""

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import nn

from common.data.decode import to_square
from common.errors import InputError
from common.phantoms.anatomy import draw_head, head_space, random_head
from common.training.preprocess import normalise, to_batch

TOLERANCE = 1e-4
_BATCHES = (1, 5)  # two, so that the size of a batch is seen to be open


def check_against_pytorch(content: bytes, network: nn.Module, size: int, temperature: float) -> float:
    """Refuse a graph whose probabilities are not PyTorch's, behind the very preprocessing of an evaluation.

    Parameters
    ----------
    content : bytes
        The ONNX file: ``uint8 [batch, 3, size, size]`` to ``float32 [batch, 4]``.

    Returns
    -------
    float
        The largest difference of a probability.

    Raises
    ------
    InputError
        ``EXPORT005`` it is larger than `TOLERANCE`.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    name, worst = session.get_inputs()[0].name, 0.0
    for pixels in (*(_noise(batch, size) for batch in _BATCHES), *(_heads(batch, size) for batch in _BATCHES)):
        with torch.inference_mode():
            expected = torch.softmax(network(normalise(to_batch(pixels))) / temperature, dim=1).numpy()
        (said,) = session.run(None, {name: np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))})
        worst = max(worst, float(np.abs(said - expected).max()))
    if not worst <= TOLERANCE:  # a NaN is none
        raise InputError(
            "EXPORT005",
            f"The exported graph's probabilities are {worst:.1e} from PyTorch's, more than {TOLERANCE:g}, so nothing "
            "was written; try another version of torch, onnx or onnxruntime.",
        )
    return worst


def _noise(batch: int, size: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(batch).integers(0, 256, (batch, size, size, 3), dtype=np.uint8)


def _heads(batch: int, size: int) -> npt.NDArray[np.uint8]:
    """Draw heads of made-up patients."""
    rng = np.random.default_rng(batch)
    drawn = []
    for level in np.linspace(-0.6, 0.6, batch):
        head = random_head(rng)
        grey = draw_head(head, head_space(head, float(level), 64), float(level))
        drawn.append(to_square(Image.fromarray((255 * np.clip(grey, 0, 1)).astype(np.uint8)), size))
    return np.stack(drawn)
