from __future__ import annotations

from typing import Any

import pytest

from common.artifacts.schema import Run
from dashboard.data.compared import entries
from tests.support.compared import made_run, seeds, single


def settings(seed: int, **changes: Any) -> dict[str, Any]:
    return {"seed": seed, "output_dir": f"/{seed}", "train": {"lr": 0.001}} | changes


def grouped(runs: dict[str, Run], bodies: dict[str, dict[str, Any]], *, together: bool = True) -> list[entries.Entry]:
    names = {key: f"FedAvg · seed {bodies[key].get('seed')}" for key in runs}
    return entries.entries(runs, bodies, names, together=together)


def test_runs_that_differ_in_their_seed_alone_are_one_line_without_a_seed_in_its_name() -> None:
    runs = {key: made_run(key, {"A": 50}) for key in ("run-001", "run-002", "run-003")}
    bodies = {"run-001": settings(7), "run-002": settings(8), "run-003": settings(9, train={"lr": 0.1})}
    first, other = grouped(runs, bodies)
    assert [*first.runs] == ["run-001", "run-002"]
    assert (first.title, first.listed) == ("FedAvg · 2 seeds", "run-001, run-002 · FedAvg · 2 seeds")
    assert other.title == "FedAvg · seed 9"
    assert [entry.key for entry in grouped(runs, bodies, together=False)] == ["run-001", "run-002", "run-003"]


def test_the_same_seed_again_is_no_other_seed() -> None:
    runs = {key: made_run(key, {"A": 50}) for key in ("run-001", "run-002")}
    found = grouped(runs, {key: settings(7) for key in runs})
    assert [entry.title for entry in found] == ["FedAvg · seed 7 (run-001)", "FedAvg · seed 7 (run-002)"]


@pytest.mark.parametrize(
    "other",
    [
        made_run("run-002", {"A": 50}, state="running"),
        made_run("run-002", {"A": 50, "B": 50}),
    ],
    ids=["unfinished", "other hospitals"],
)
def test_a_run_that_is_not_finished_or_has_other_slices_stands_alone(other: Run) -> None:
    runs = {"run-001": made_run("run-001", {"A": 50}), "run-002": other}
    assert len(grouped(runs, {"run-001": settings(7), "run-002": settings(8)})) == 2


def test_a_run_without_recorded_settings_stands_alone() -> None:
    runs = {key: made_run(key, {"A": 50}) for key in ("run-001", "run-002")}
    assert len(grouped(runs, {"run-001": {}, "run-002": {}})) == 2


def test_several_seeds_stand_with_mean_extremes_and_spread() -> None:
    entry = seeds("FedAvg", {seed: made_run(f"run-{seed}", {"A": hits}) for seed, hits in ((1, 45), (2, 48), (3, 51))})
    found = entries.standing(entry, None)
    assert found is not None
    assert found.accuracy == pytest.approx(0.8)
    assert found.extremes == pytest.approx((0.75, 0.85))
    assert found.spread == pytest.approx(0.05)
    assert found.interval is found.cases is None


def test_one_hospitals_own_test_with_its_own_interval() -> None:
    entry = single(made_run("run-001", {"A": 54, "B": 30}))
    own, all_of_them = entries.standing(entry, "A"), entries.standing(entry, None)
    assert own is not None
    assert own.interval is not None
    assert all_of_them is not None
    assert (own.accuracy, own.cases) == (0.9, 60)
    assert own.interval[0] < 0.9 < own.interval[1]
    assert (all_of_them.accuracy, all_of_them.cases) == (0.7, 120)
    assert entries.standing(entry, "C") is None


def test_no_mean_over_seeds_of_which_one_was_not_tested() -> None:
    assert entries.standing(seeds("FedAvg", {1: made_run("run-1", {"A": 45}), 2: made_run("run-2")}), None) is None
