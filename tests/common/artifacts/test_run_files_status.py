import json
from datetime import datetime

from common.artifacts import run_files as module
from common.artifacts.run_files import new_status, now, versions, write_status
from common.artifacts.schema import Status


def a_status() -> Status:
    return new_status(
        run_id="run-001", rounds=3, strategy="fedavg", engine="ray", hospitals=("A", "B"), log="logs/x/training.log"
    )


def test_times_carry_their_zone():
    assert datetime.fromisoformat(now()).tzinfo is not None


def test_each_writing_says_when_and_replaces_the_last(tmp_path, monkeypatch):
    path = tmp_path / "status.json"
    status = a_status()
    write_status(path, status)
    first = json.loads(path.read_text())
    assert (first["state"], first["round"], first["phase"], first["ended_at"]) == ("running", 0, "describe", None)
    monkeypatch.setattr(module, "now", lambda: "2026-11-23T06:15:00+00:00")
    status.round, status.state = 2, "failed"
    write_status(path, status)
    second = json.loads(path.read_text())
    assert (second["state"], second["round"]) == ("failed", 2)
    assert second["updated_at"] == "2026-11-23T06:15:00+00:00"
    assert second["started_at"] == first["started_at"]


def test_versions_name_what_the_figures_depend_on(monkeypatch):
    found = versions()
    assert set(found) >= {"project", "flwr", "torch", "torchvision", "python"}
    assert found["torch"].split(".")[0].isdigit()

    def absent(package):
        raise module.PackageNotFoundError(package)

    monkeypatch.setattr(module, "version", absent)
    assert versions()["flwr"] == "not installed"


def test_two_runs_do_not_share_their_lists():
    one, other = a_status(), a_status()
    one.missing_hospitals += ("A",)
    one.versions["torch"] = "0"
    assert other.missing_hospitals == ()
    assert other.versions["torch"] != "0"
