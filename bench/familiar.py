"""``python -m bench.familiar run-001``: which images a run's model takes for slices like those of its training.

Test slices pass as the run's hospitals counted them. Everything else is made here or comes with scikit-learn and
pydicom, and none of it should pass.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from bench._strange import strange_images
from common.artifacts.layout import RunFolder
from common.artifacts.weights import check_weights
from common.config.architectures import architecture_of
from common.files import parse_json
from common.metrics.familiar.distances import within
from common.metrics.familiar.file import Recorded, decode
from common.model.registry import build_model
from common.training.familiarity import features_of
from common.training.preprocess import preprocess

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Measure one run and print a line for each kind of image."""
    command = argparse.ArgumentParser(prog="python -m bench.familiar")
    command.add_argument("run", help="a completed run, for example run-001")
    command.add_argument("--output-dir", type=Path, default=ROOT, help="parent of artifacts/")
    given = command.parse_args()
    folder = RunFolder(given.output_dir, given.run)
    meta = parse_json(folder.meta.read_bytes())
    recorded = decode(folder.familiarity.read_bytes())
    held_out = {"validation slices": recorded.val, "test slices": recorded.test}
    print(f"{given.run}: distances up to {recorded.threshold:.2f} pass\n")
    print(f"{'images':<44}{'number':>8}{'pass':>8}{'nearest':>9}")
    for name, counts in held_out.items():
        share = 100 * within(counts, recorded.threshold) / max(counts.sum(), 1)
        print(f"{name:<44}{counts.sum():>8}{share:>7.1f}%")
    for name, distances in strange_distances(folder, meta, recorded).items():
        share = 100 * np.mean(distances <= recorded.threshold)
        print(f"{name:<44}{len(distances):>8}{share:>7.1f}%{distances.min():>9.2f}")


def strange_distances(folder: RunFolder, meta: dict, recorded: Recorded) -> dict[str, np.ndarray]:
    """Return the distance of each strange image, by its kind."""
    name = architecture_of(meta)
    model = build_model(name)
    model.load_state_dict(check_weights(folder.best_weights.read_bytes(), meta["sha256"], "the weights", name))
    model.eval()
    found = {}
    for kind, images in strange_images().items():
        batch = torch.cat([preprocess(image, meta["image_size"]) for image in images])
        found[kind] = recorded.likeness.distances(features_of(model, batch, name))
    return found


if __name__ == "__main__":
    main()
