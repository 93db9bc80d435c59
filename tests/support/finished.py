"""A finished run's ``model_meta.json`` with made-up counts, and what a thing looks like on a terminal."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from rich.console import Console

from common.artifacts.meta import FinishedRun, meta_json
from common.metrics.evaluation import EvaluateResult
from common.metrics.intervals import Resampling
from common.training.evaluate import tally
from tests.support.descriptions import description

NAMES = ["AIIMS Delhi", "NIMHANS Bengaluru", "Tata Memorial Mumbai"]
COUNTS = np.array([[30, 2, 1, 0], [4, 25, 3, 0], [1, 1, 38, 0], [0, 0, 0, 0]], np.int64)


def evaluated(counts: np.ndarray, temperature: float = 1.5) -> EvaluateResult:
    """An evaluation with these counts, five slices a group; confidence 0.98 and less with the temperature."""
    rows, columns = np.indices(counts.shape)
    true, predicted = (np.repeat(axis.ravel(), counts.ravel()) for axis in (rows, columns))
    logits = 5 * torch.eye(4)[torch.from_numpy(predicted)]
    result = tally(logits, torch.from_numpy(true), temperature, Resampling(np.arange(len(true)) // 5, 1))
    return replace(result, seconds=0.1)


def finished(
    tests: dict[str, EvaluateResult] | None = None, temperature: float | None = 1.5, **changes: Any
) -> dict[str, Any]:
    """The meta file of three hospitals with the same counts, unless others are given."""
    if tests is None:
        tests = dict.fromkeys(NAMES, evaluated(COUNTS))
    values: dict[str, Any] = {
        "run_id": "run-007",
        "strategy": "fedavg",
        "seed": 42,
        "rounds": 20,
        "best_round": 15,
        "image_size": 96,
        "best_val_accuracy": 0.9,
        "temperature": temperature,
        "engine": "ray",
        "device": "cpu",
        "descriptions": [description(key, name=name) for key, name in zip("abc", NAMES, strict=True)],
        "stats": {},
        "tests": tests,
        "missing_hospitals": [],
        "grouped": True,
        "sha256": "ab" * 32,
        "versions": {"project": "2.0.0", "torch": "2.15.0"},
        "settings": {"rounds": 20, "seed": 42},
    }
    return meta_json(FinishedRun(**{**values, **changes}))


def shown(*things: Any, width: int = 80) -> list[str]:
    """The lines of a terminal of that width."""
    console = Console(width=width, record=True, file=io.StringIO(), highlight=False)
    for thing in things:
        console.print(thing)
    return [line.strip() for line in console.export_text().splitlines()]
