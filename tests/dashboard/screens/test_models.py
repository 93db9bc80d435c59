from __future__ import annotations

import shlex
from pathlib import Path

from common.artifacts.load import load_run
from common.artifacts.service_history import Change
from dashboard.data.service import promotion
from dashboard.screens import models
from dashboard.settings import ROOT
from tests.support.run_files import write_run, write_version_one


def test_completed_runs_only_and_which_is_in_service(tmp_path: Path) -> None:
    folders = [
        write_run(tmp_path, "run-004"),
        write_run(tmp_path, "run-003", state="running"),
        write_run(tmp_path, "run-002", state="failed", reason="x"),
        write_run(tmp_path, "run-005"),
    ]
    (folders[0] / "global_model.pth").write_bytes(b"weights")
    found = models.versions({folder.name: load_run(folder) for folder in folders}, "run-004")
    assert [version.run_id for version in found] == ["run-004", "run-005"]
    assert [version.in_service for version in found] == [True, False]
    assert [version.why_not is None for version in found] == [True, False]
    assert models.version_table(models.versions({"run-004": load_run(folders[0])}, None))["Service"].tolist() == [
        "possible"
    ]
    table = models.version_table(found)
    assert table["Service"].tolist() == ["● in service", "weights not here"]
    assert table["Test accuracy"][0] == "89.0 % (86.0–92.0)"


def test_what_a_model_is_stands_beside_it(tmp_path: Path) -> None:
    folders = [
        write_run(tmp_path, "run-001", strategy="pooled", pooled=True),
        write_run(tmp_path, "run-002", strategy="local", keeps="everything"),
    ]
    table = models.version_table(models.versions({folder.name: load_run(folder) for folder in folders}, None))
    assert table["Data"].tolist() == ["SYNTHETIC, POOLED", "SYNTHETIC"]
    assert table["Service"].tolist() == ["weights not here", "each hospital's own"]


def test_version_1_left_no_version(tmp_path: Path) -> None:
    assert models.versions({"run-001": load_run(write_version_one(tmp_path))}, None) == []
    assert models.version_table([]).empty


def test_the_last_change_comes_first() -> None:
    changes = [
        Change("2026-11-23T06:15:00+00:00", "run-001", None, "first", "server", "a" * 64),
        Change("nonsense", "run-002", "run-001", "second", "Asha", ""),
    ]
    table = models.change_table(changes)
    assert table["Put in service"].tolist() == ["run-002", "run-001"]
    assert table["When"].tolist()[0] == "–"
    assert table["SHA-256"].tolist() == ["–", "a" * 12]


def test_the_command_can_be_pasted(tmp_path: Path) -> None:
    assert promotion.command("run-003", ROOT) == 'python -m server.promote run-003 --reason "..."'
    words = shlex.split(promotion.command("run-003", tmp_path / "my runs", reason='it\'s "better"; rm -rf /'))
    assert words[3:] == ["run-003", "--reason", 'it\'s "better"; rm -rf /', "--output-dir", str(tmp_path / "my runs")]
