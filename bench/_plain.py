"""The simulation's work without a federation: the steps, evaluations and averages in one process with every core.

It trains with `common.training.train`, so that what `bench.peers` compares is the federation around it: Flower, Ray,
how the cores are shared, messages, screening, artifacts. What local training itself costs is `bench.train_step`'s
question.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from common.config.hydra import load_hospitals
from common.config.settings import DataPlan, TrainPlan
from common.data.prepare import PreparedHospital, prepare
from common.model.registry import initial_weights
from common.model.state import arrays_from_model, arrays_from_state, model_from_arrays
from common.model.weights import Arrays
from common.training.batches import Slices
from common.training.evaluate import evaluate
from common.training.train import RoundContext, train

SEED = 42


@dataclass(frozen=True)
class Trainee:
    """One hospital's slices, as its own process would see them."""

    key: str
    prepared: PreparedHospital

    @property
    def slices(self) -> Slices:
        """Pixels and labels."""
        return Slices(self.prepared.library.pixels, self.prepared.scan.labels)


def read(root: Path, cache: Path, keys: list[str], pixels: int) -> list[Trainee]:
    """Prepare every hospital, as a run does.

    Parameters
    ----------
    root, cache : Path
        Of the hospitals' folders, and of the decoded slices.
    keys : list of str
        Hospitals, in order.
    pixels : int
        Side of the slices.
    """
    data = DataPlan(image_size=pixels)
    return [Trainee(h.key, prepare(root / h.path, h.class_map, data, SEED, cache)) for h in load_hospitals(keys)]


def run_round(trainees: list[Trainee], arrays: Arrays, number: int, plan: TrainPlan, rounds: int) -> Arrays:
    """Train every hospital in turn, average in NumPy, evaluate; returns the average."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    updates, samples = [], []
    for trainee in trainees:
        model = model_from_arrays("resnet18", arrays, device)
        moment = RoundContext(SEED, trainee.key, number, rounds)
        result = train(model, trainee.slices, trainee.prepared.split.train, plan, moment)
        updates.append(arrays_from_model(model))
        samples.append(result.samples)
    averaged = {name: _average([update[name] for update in updates], samples) for name in arrays}
    model = model_from_arrays("resnet18", averaged, device)
    for trainee in trainees:
        evaluate(model, trainee.slices, trainee.prepared.split.val)
    return averaged


def _average(parts: list[Any], samples: list[int]) -> Any:
    """Return the mean of one tensor, weighted by training slices, in its own type."""
    mean = np.average(parts, axis=0, weights=samples)
    return (np.rint(mean) if parts[0].dtype.kind == "i" else mean).astype(parts[0].dtype)


def main() -> None:
    """Train, evaluate and average for some rounds, and test at the end."""
    parser = argparse.ArgumentParser(prog="python -m bench._plain")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--hospitals", nargs="+", required=True)
    for name in ("pixels", "rounds", "batch", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    trainees = read(options.root, options.cache, options.hospitals, options.pixels)
    arrays = arrays_from_state(initial_weights("resnet18", SEED))
    plan = TrainPlan(batch_size=options.batch)
    for number in range(1, options.rounds + 1):
        arrays = run_round(trainees, arrays, number, plan, options.rounds)
    model = model_from_arrays("resnet18", arrays, torch.device("cpu"))
    for trainee in trainees:
        evaluate(model, trainee.slices, trainee.prepared.split.test)


if __name__ == "__main__":
    main()
