"""How a network is pre-trained on images that the program makes, and what its weights follow from."""

import hashlib
import json
from dataclasses import asdict, dataclass

import torch

VERSION = 2  # raise it when other images are made, or learnt from in another way


@dataclass(frozen=True)
class Recipe:
    """What is made and how it is learnt from."""

    images: int = 8_192
    """Made at the beginning; each is seen several times, changed a little each time."""
    views: int = 20_480
    """Images seen in all."""
    batch_size: int = 64
    lr: float = 2e-3
    """Highest rate of a cosine, after a short rise."""
    weight_decay: float = 0.02
    most_pixels: int = 64
    """Side of the images, or that of the run's if it is smaller: at 224 px a CPU would take an hour."""
    seed: int = 0
    """Of the images and of the training; the run's own seed plays no part, so that all runs share these weights."""
    threads: int = 2
    """Always so many, whatever the machine has: sums in another order are other weights."""

    def size(self, image_size: int) -> int:
        """Return the side of the images for a run with slices of `image_size` pixels."""
        return min(self.most_pixels, image_size)

    @property
    def steps(self) -> int:
        """Steps of the training."""
        return max(self.views // self.batch_size, 1)


def digest_of(recipe: Recipe, network: str, image_size: int) -> str:
    """Return the SHA-256 of everything that the weights follow from, hexadecimal."""
    follows = {
        "version": VERSION,
        "recipe": asdict(recipe),
        "network": network,
        "size": recipe.size(image_size),
        "torch": torch.__version__,
        "cpu": torch.backends.cpu.get_cpu_capability(),
    }
    return hashlib.sha256(json.dumps(follows, sort_keys=True).encode()).hexdigest()
