from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from common.artifacts.listing.about import About, write_about
from dashboard.data import run_names
from dashboard.data.listing import run_index
from dashboard.data.listing.run_index import RunIndex
from tests.support.run_files import write_run, write_version_one


@pytest.fixture
def index(tmp_path: Path) -> RunIndex:
    write_run(tmp_path, "run-001")
    write_run(tmp_path, "run-002", strategy="fedprox")
    found = RunIndex({"": tmp_path, "v1": tmp_path / "v1"})
    write_version_one(tmp_path / "v1")
    found.refresh()
    return found


def test_the_number_of_a_run_stays_beside_its_name(index: RunIndex) -> None:
    assert [index.title(key) for key in ("run-001", "run-002", "v1:run-001", "run-999")] == [
        "run-001 · FedAvg",
        "run-002 · FedProx",
        "v1:run-001",
        "run-999",
    ]


def test_a_name_that_somebody_gave_takes_the_place_of_the_derived_one(index: RunIndex, tmp_path: Path) -> None:
    write_about(tmp_path / "artifacts" / "run-001", About("the good one", ("paper",)))
    index.refresh()
    assert index.title("run-001") == "run-001 · the good one"
    assert index.about("run-001").tags == ("paper",)


def test_a_deleted_run_is_forgotten_and_a_new_one_known(index: RunIndex, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "artifacts" / "run-001")
    write_run(tmp_path, "run-003", lr=3e-4)
    index.refresh()
    assert index.title("run-001") == "run-001"
    assert index.title("run-003") == "run-003 · FedAvg · lr 0.0003"


def test_nothing_is_read_again_that_did_not_change(
    index: RunIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    honest = run_index.quick_settings
    monkeypatch.setattr(run_index, "quick_settings", lambda folder: read.append(folder.name) or honest(folder))
    monkeypatch.setattr(run_names, "titles", lambda settings: pytest.fail("no name can have changed"))
    write_about(tmp_path / "artifacts" / "run-001", About("x"))
    index.refresh()
    assert read == []
