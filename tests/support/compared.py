"""Runs with counts, as a comparison takes them: no files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from common.artifacts.schema import HospitalData, HospitalRound, Round, Run, Status
from dashboard.data.compared.entries import Entry


def made_run(
    run_id: str,
    right: dict[str, int] | None = None,
    *,
    cases: int = 60,
    values: tuple[float, ...] = (0.5, 0.7, 0.6),
    state: str = "completed",
) -> Run:
    """Return a run; `right` are the test slices that it got right at each hospital, of `cases` at each."""
    names = list(right or {"A": 0, "B": 0})
    rounds = tuple(
        Round(
            number=i + 1,
            val_accuracy=value,
            val_loss=1 - value,
            seconds=10.0,
            val_interval=(value - 0.1, value + 0.1),
            hospitals={name: HospitalRound(val_accuracy=value - 0.1 * j) for j, name in enumerate(names)},
        )
        for i, value in enumerate(values)
    )
    meta: dict[str, Any] = {}
    if right is not None:
        tests = {name: {"test_accuracy": hits / cases, "n_test": cases} for name, hits in right.items()}
        total = cases * len(right)
        metrics = {"test_accuracy": sum(right.values()) / total, "per_hospital": tests}
        meta = {"metrics": metrics, "test_samples": total}
    hospitals = {name: HospitalData(name, total=400, class_counts={"glioma": 400}) for name in names}
    status = Status(run_id, state, len(values), "fedavg")
    return Run(run_id, Path("out/artifacts") / run_id, status, hospitals, rounds, meta, ())


def single(run: Run, seed: int = 7, name: str | None = None) -> Entry:
    return Entry(run.run_id, name or run.run_id, {run.run_id: run}, {run.run_id: seed})


def seeds(name: str, runs: dict[int, Run]) -> Entry:
    bodies = {run.run_id: run for run in runs.values()}
    return Entry(next(iter(bodies)), name, bodies, {run.run_id: seed for seed, run in runs.items()})
