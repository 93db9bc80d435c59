from __future__ import annotations

import json
from pathlib import Path

import pytest

from common.artifacts.load import load_run
from common.artifacts.privacy.guarantee import RunPrivacy, privacy_of
from common.artifacts.privacy.seen import SEEN, seen
from tests.support.run_files import private, write_run, write_version_one

UPDATES = {
    "none": "every update of every hospital, and every model",
    "secagg": "the sum of a round's updates, and every model",
    "dp_sgd": "every update of every hospital, with that hospital's noise, and every model",
    "dp_sgd_secagg": "the sum of a round's updates, with the noise of all hospitals, and every model",
}


def rows(folder: Path) -> list[str]:
    run = load_run(folder)
    return [row.what for row in seen(run, privacy_of(run, run.meta.get("settings", {})))]


@pytest.mark.parametrize("name", UPDATES)
def test_what_the_centre_saw_of_updates_follows_the_runs_protection(tmp_path: Path, name: str) -> None:
    found = rows(write_run(tmp_path, privacy=private(name) if "dp" in name else RunPrivacy(name)))
    assert {what for what in UPDATES.values() if what in found} == {UPDATES[name]}


def test_figures_of_training_slices_are_seen_only_without_noise(tmp_path: Path) -> None:
    assert any(what.startswith("training loss") for what in rows(write_run(tmp_path)))
    noisy = rows(write_run(tmp_path, "run-002", privacy=private()))
    assert not any(what.startswith("training loss") for what in noisy)
    assert any(what.startswith("confusion matrices") for what in noisy)


def test_a_run_that_recorded_little_proves_little(tmp_path: Path) -> None:
    found = rows(write_version_one(tmp_path))
    assert not set(UPDATES.values()) & set(found)
    assert len(found) < 4


def test_each_hospital_alone_sends_no_update(tmp_path: Path) -> None:
    assert UPDATES["none"] not in rows(write_run(tmp_path, strategy="local", privacy=RunPrivacy("none")))


def test_the_documentation_has_the_same_rows() -> None:
    text = (Path(__file__).parents[4] / "docs/privacy.md").read_text()
    for row in SEEN:
        assert f"| {row.what} | {row.when} | {row.gives_away} |" in text, row.what
    table = text.partition("## What does the centre see?")[2].partition("\n## ")[0]
    assert table.count("\n| ") == len(SEEN) + 1, "one more is the heading"


def test_statistics_are_told_where_a_network_has_them_and_the_run_asked(tmp_path: Path) -> None:
    said = "after the last round, the mean and the mean square of what goes into each normalisation"

    def told(network: str, statistics: str) -> bool:
        folder = write_run(tmp_path)
        meta = json.loads((folder / "model_meta.json").read_text())
        meta["settings"] = {"model": {"name": network}, "train": {"statistics": statistics}}
        (folder / "model_meta.json").write_text(json.dumps(meta))
        return any(what.startswith(said) for what in rows(folder))

    assert told("resnet18", "estimated")
    assert not told("resnet18_gn", "estimated")
    assert not told("resnet18", "averaged")
