"""Flower's own app, as it comes: what somebody writes who follows Flower's quickstart for PyTorch.

A ClientApp, a ServerApp with FedAvg and ``run_simulation``, for the same slices, batches and network. It does less than
this project: no audit, no search for duplicates (the split is handed to it), no augmentation, no checks of what
hospitals answer, no files but the model, and no test at the end.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg
from flwr.simulation import run_simulation
from torch import nn
from torch.utils.data import DataLoader, Dataset, Subset
from torchvision.models import resnet18

from common.data.cache import open_library
from common.data.scan import scan_folder
from common.labels import NUM_CLASSES
from common.training.preprocess import normalise, to_batch

_RATE = 1e-4


@dataclass(frozen=True)
class Task:
    """What every hospital is told when it starts."""

    hospitals: Path  # JSON: of each hospital its "folder", its "class_map", and the indices for "train" and "val"
    cache: Path
    pixels: int
    batch: int


class SliceDataset(Dataset[tuple[torch.Tensor, int]]):
    """A hospital's decoded slices, from this project's cache."""

    def __init__(self, hospital: dict[str, Any], task: Task) -> None:
        scan = scan_folder(Path(hospital["folder"]), hospital["class_map"])
        self._pixels = open_library(scan, task.pixels, task.cache).pixels
        self._labels = scan.labels

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return normalise(to_batch(self._pixels[[index]]))[0], int(self._labels[index])


@cache
def load_data(task: Task, number: int, part: str) -> DataLoader[Any]:
    """Return batches of a hospital's training or validation slices."""
    hospital = json.loads(task.hospitals.read_text())[number]
    chosen = Subset(SliceDataset(hospital, task), hospital[part])
    return DataLoader(chosen, batch_size=task.batch, shuffle=part == "train")


def train_epoch(network: nn.Module, loader: DataLoader[Any]) -> float:
    """Train for one epoch; returns the mean loss of a batch."""
    optimiser = torch.optim.Adam(network.parameters(), lr=_RATE)
    network.train()
    total = 0.0
    for images, labels in loader:
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(network(images), labels)
        loss.backward()
        optimiser.step()
        total += loss.item()
    return total / len(loader)


def test(network: nn.Module, loader: DataLoader[Any]) -> tuple[float, float]:
    """Return mean loss and accuracy."""
    network.eval()
    loss = right = 0.0
    with torch.no_grad():
        for images, labels in loader:
            scores = network(images)
            loss += nn.functional.cross_entropy(scores, labels, reduction="sum").item()
            right += (scores.argmax(1) == labels).sum().item()
    count = len(loader.dataset)  # type: ignore[arg-type]
    return loss / max(count, 1), right / max(count, 1)


def client_app(task: Task) -> ClientApp:
    """Answer for every hospital."""
    app = ClientApp()

    def received(message: Message, context: Context) -> tuple[nn.Module, int]:
        network = new_network()
        network.load_state_dict(message.content["arrays"].to_torch_state_dict())
        return network, int(context.node_config["partition-id"])

    @app.train()
    def train(message: Message, context: Context) -> Message:
        network, number = received(message, context)
        loader = load_data(task, number, "train")
        figures = {"train_loss": train_epoch(network, loader), "num-examples": len(loader.dataset)}  # type: ignore[arg-type]
        answer = {"arrays": ArrayRecord(network.state_dict()), "metrics": MetricRecord(figures)}
        return Message(RecordDict(answer), reply_to=message)

    @app.evaluate()
    def evaluate(message: Message, context: Context) -> Message:
        network, number = received(message, context)
        loader = load_data(task, number, "val")
        loss, accuracy = test(network, loader)
        figures = {"eval_loss": loss, "eval_acc": accuracy, "num-examples": len(loader.dataset)}  # type: ignore[arg-type]
        return Message(RecordDict({"metrics": MetricRecord(figures)}), reply_to=message)

    return app


def new_network() -> nn.Module:
    """Return ResNet18 in the memory layout that suits a CPU best, as this project trains it."""
    network = resnet18(weights=None, num_classes=NUM_CLASSES)
    return network.to(memory_format=torch.channels_last)


def server_app(rounds: int, hospitals: int, out: Path) -> ServerApp:
    """Average what all hospitals send, and keep the last model."""
    app = ServerApp()

    @app.main()
    def main(grid: Grid, context: Context) -> None:
        torch.manual_seed(0)
        all_of_them = {f"min_{kind}_nodes": hospitals for kind in ("train", "evaluate", "available")}
        strategy = FedAvg(**all_of_them)
        result = strategy.start(
            grid=grid,
            initial_arrays=ArrayRecord(new_network().state_dict()),
            train_config=ConfigRecord({"lr": _RATE}),
            num_rounds=rounds,
        )
        torch.save(result.arrays.to_torch_state_dict(), out)

    return app


def main() -> None:
    """Run it with as many of Ray's workers ("actors") as asked for; they share the cores."""
    parser = argparse.ArgumentParser(prog="python -m bench._flower_app")
    for name in ("hospitals", "cache", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    for name in ("pixels", "rounds", "batch", "cores", "actors"):
        parser.add_argument(f"--{name}", type=int, required=True)
    given = parser.parse_args()
    task = Task(given.hospitals, given.cache, given.pixels, given.batch)
    count = len(json.loads(task.hospitals.read_text()))
    resources = {"num_cpus": given.cores // given.actors, "num_gpus": 0.0}
    run_simulation(
        server_app(given.rounds, count, given.out),
        client_app(task),
        num_supernodes=count,
        backend_config={"client_resources": resources, "init_args": {"num_cpus": given.cores}},
    )


if __name__ == "__main__":
    main()
