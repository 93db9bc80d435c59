"""Version 1's training loop, as it stood in its notebook: the yardstick of `bench.train_step`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from common.model.registry import build_model
from common.training.preprocess import IMAGENET_MEAN, IMAGENET_STD


class Slices(Dataset[tuple[torch.Tensor, int]]):
    """Files that are decoded each time they are asked for.

    Parameters
    ----------
    paths : sequence of Path
        Image files.
    labels : sequence of int
        Their classes.
    pixels : int
        Side of the square that the model sees.
    """

    def __init__(self, paths: Sequence[Path], labels: Sequence[int], pixels: int) -> None:
        self._paths = list(paths)
        self._labels = list(labels)
        self._transform = transforms.Compose(
            [
                transforms.Resize((pixels, pixels)),
                transforms.RandomHorizontalFlip(),
                transforms.RandomRotation(10),
                transforms.ToTensor(),
                transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD),
            ]
        )

    def __len__(self) -> int:
        """Return the number of files."""
        return len(self._paths)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        """Decode, change and normalise one slice."""
        with Image.open(self._paths[index]) as image:
            return self._transform(image.convert("RGB")), self._labels[index]


class Version1:
    """Its model, optimiser and loader.

    Parameters
    ----------
    dataset : Slices
        One epoch of it is one call of `epoch`.
    batch : int
        Slices in a step.
    device : torch.device
        Where to train.

    Attributes
    ----------
    model : nn.Module
        Under training.
    """

    def __init__(self, dataset: Slices, batch: int, device: torch.device) -> None:
        self._loader = DataLoader(dataset, batch_size=batch, shuffle=True, num_workers=0)
        self._device = device
        self.model = build_model().to(device)
        self._criterion = nn.CrossEntropyLoss()
        self._optimiser = torch.optim.Adam(self.model.parameters(), lr=1e-4)

    def epoch(self) -> int:
        """Train once over the files; returns how many that were."""
        self.model.train()
        loss_sum, right, seen = 0.0, 0, 0
        for images, labels in self._loader:
            images, labels = images.to(self._device), labels.to(self._device)
            self._optimiser.zero_grad()
            outputs = self.model(images)
            loss = self._criterion(outputs, labels)
            loss.backward()
            self._optimiser.step()
            loss_sum += loss.item() * images.size(0)
            right += int((outputs.max(1)[1] == labels).sum().item())
            seen += labels.size(0)
        return seen
