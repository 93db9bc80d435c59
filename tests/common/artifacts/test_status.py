import json
from datetime import datetime

from common.artifacts import status as module
from common.artifacts.status import RunStatus, now, versions


def a_status() -> RunStatus:
    return RunStatus("run-001", "running", 3, "fedavg", "ray", ["A", "B"], "logs/x/training.log")


def test_times_carry_their_zone():
    assert datetime.fromisoformat(now()).tzinfo is not None


def test_each_writing_says_when_and_replaces_the_last(tmp_path, monkeypatch):
    path = tmp_path / "status.json"
    status = a_status()
    status.write(path)
    first = json.loads(path.read_text())
    assert (first["state"], first["round"], first["phase"], first["ended_at"]) == ("running", 0, "describe", None)
    monkeypatch.setattr(module, "now", lambda: "2026-11-23T06:15:00+00:00")
    status.round, status.state = 2, "failed"
    status.write(path)
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
    one.missing_hospitals.append("A")
    assert other.missing_hospitals == []
