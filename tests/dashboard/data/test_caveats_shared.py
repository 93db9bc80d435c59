from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from common.artifacts.load import load_run
from common.artifacts.schema import Run
from dashboard.data import caveats
from dashboard.screens import data
from tests.support.run_files import write_json, write_run, write_version_one

H, J, K = "Phantom Hyderabad", "Phantom Jaipur", "Phantom Kolkata"


def compared(slices: int, leaks: int, **each: tuple[int, int, int]) -> dict[str, Any]:
    keys = ("pairs", "slices", "test_slices_trained_there")
    with_each = {{"H": H, "J": J, "K": K}[name]: dict(zip(keys, part, strict=True)) for name, part in each.items()}
    return {"compared": True, "slices": slices, "test_slices_trained_elsewhere": leaks, "with": with_each}


def run_of(folder: Path, *said: dict[str, Any]) -> Run:
    """A run whose hospitals said this of each other's slices, in alphabetical order."""
    path = write_run(folder) / "dataset_stats.json"
    stats = json.loads(path.read_text())
    for name, own in zip((H, J, K), said, strict=True):
        stats[name]["cross_hospital_duplicates"] = own
    write_json(path, stats)
    return load_run(path.parent)


def test_nothing_recorded_says_nothing(tmp_path: Path) -> None:
    for run in (load_run(write_run(tmp_path / "a")), load_run(write_version_one(tmp_path / "b"))):
        assert caveats.shared_slices(run) is None
        assert caveats.shared_remark(run) is None
        assert data.shared_table(run).empty


def test_a_leak_is_a_reason_to_distrust(tmp_path: Path) -> None:
    h = compared(3, 2, J=(4, 3, 2), K=(0, 0, 0))
    run = run_of(tmp_path, h, compared(3, 0, H=(4, 3, 0), K=(0, 0, 0)), compared(0, 0, H=(0, 0, 0), J=(0, 0, 0)))
    said = caveats.shared_remark(run)
    assert said is not None
    assert (said.sound, "2 test slices are in the training of another hospital" in said.sentence) == (False, True)
    rows = data.shared_table(run).to_numpy().tolist()
    assert rows == [[H, J, "3", "2", "0", "0"], [J, H, "3", "0", "0", "0"]]


def test_copies_that_do_not_reach_a_test(tmp_path: Path) -> None:
    h, j = compared(3, 0, J=(3, 3, 0)), compared(3, 0, H=(3, 3, 0))
    run = run_of(tmp_path, h, j, compared(0, 0))
    said = caveats.shared_remark(run)
    assert said is not None
    assert (said.sound, "no test slice" in said.sentence) == (True, True)


def test_none_found_and_not_looked_for_are_two_things(tmp_path: Path) -> None:
    clean = caveats.shared_remark(run_of(tmp_path / "a", *[compared(0, 0)] * 3))
    assert clean is not None
    assert (clean.sound, clean.sentence) == (True, "No slice is at two hospitals, by keyed fingerprints.")
    away = {"compared": False, "reason": "no fingerprint_key"}
    unknown = caveats.shared_remark(run_of(tmp_path / "b", away, away, away))
    assert unknown is not None
    assert unknown.sound is None
    assert "were not looked for" in unknown.sentence
    partly = caveats.shared_remark(run_of(tmp_path / "c", compared(0, 0), compared(0, 0), away))
    assert partly is not None
    assert (partly.sound, f"Not compared: {K}: no fingerprint_key" in partly.sentence) == (None, True)


def test_what_does_not_fit_is_taken_as_nothing(tmp_path: Path) -> None:
    run = run_of(tmp_path, {"compared": True, "slices": "x", "with": {J: [1]}}, {"compared": "yes"}, {})
    recorded = caveats.shared_slices(run)
    assert recorded is not None
    assert recorded.shared[H].slices == 0
    assert recorded.shared[H].with_each[J].pairs == 0
    assert J not in recorded.shared
