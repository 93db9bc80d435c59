"""An MLflow file store, read back with MLflow's own client."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.artifacts.load import load_run
from server.export import mlflow_store
from server.export.__main__ import main
from tests.support import study_files
from tests.support.run_files import STRANGE, write_run
from tests.support.studies import A, B, done, lost, study

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    for name, value in mlflow_store.SWITCHES.items():
        monkeypatch.setenv(name, value)


def exported(output_dir: Path, name: str = "run-007") -> Path:
    assert main([name, "--to", "mlflow", "--output-dir", str(output_dir)]) == 0
    return output_dir / "exports" / "mlruns"


def client_of(store: Path):
    from mlflow import MlflowClient

    return MlflowClient(store.as_uri())


def runs_of(store: Path):
    client = client_of(store)
    return client.search_runs([client.get_experiment_by_name(mlflow_store.EXPERIMENT).experiment_id])


def test_params_metrics_tags_and_the_card_come_along(tmp_path):
    run = load_run(write_run(tmp_path, "run-007"))
    (tmp_path / "artifacts/run-007/model_card.md").write_text("# Card")
    store = exported(tmp_path)
    (found,) = runs_of(store)
    client = client_of(store)
    assert found.info.run_name == "run-007"
    assert found.info.status == "FINISHED"
    assert found.data.params["train.batch_size"] == "16"
    assert (found.data.tags["synthetic"], found.data.tags["strategy"]) == ("true", "fedavg")
    curve = client.get_metric_history(found.info.run_id, "hospitals/Phantom Jaipur/val_accuracy")
    assert [each.step for each in curve] == [1, 2, 3, 4]
    expected = [each.hospitals["Phantom Jaipur"].val_accuracy for each in run.rounds]
    assert [each.value for each in curve] == pytest.approx(expected)
    assert found.data.metrics["test/test_accuracy"] == pytest.approx(0.89)
    assert [each.path for each in client.list_artifacts(found.info.run_id)] == ["model_card.md"]


def test_exporting_again_does_not_double_and_leaves_other_runs(tmp_path):
    write_run(tmp_path, "run-006")
    write_run(tmp_path, "run-007")
    exported(tmp_path, "run-006")
    for _ in range(2):
        store = exported(tmp_path)
    assert sorted(each.info.run_name for each in runs_of(store)) == ["run-006", "run-007"]
    again = next(each for each in runs_of(store) if each.info.run_name == "run-007")
    assert len(client_of(store).get_metric_history(again.info.run_id, "val_accuracy")) == 4
    assert len(list(store.glob("*/*/metrics"))) == 2, "nothing is left of the first one"


def test_a_study_is_a_run_with_one_below_it_for_each_completed_cell(tmp_path, capsys):
    write_run(tmp_path, "run-001")
    cells = [done("local", 42, 80), done("fedavg", 42, 90), done("fedavg", 43, 92), lost("fedavg", 44, "failed")]
    study_files.save(tmp_path, study(cells, state="incomplete"))
    for _ in range(2):
        store = exported(tmp_path, "study-001")
    found = {each.info.run_name: each for each in runs_of(store)}
    assert set(found) == {"study-001", "local-seed42", "fedavg-seed42", "fedavg-seed43"}
    assert len(runs_of(store)) == 4
    parent = found["study-001"]
    assert found["fedavg-seed42"].data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert parent.data.metrics["fedavg/accuracy"] == pytest.approx(0.91)
    assert parent.data.metrics["fedavg/accuracy_low"] < 0.9
    assert parent.data.metrics["hospitals/Phantom Jaipur/local/accuracy"] == pytest.approx(0.8)
    assert "fedavg with seed 44 is left out" in capsys.readouterr().out


def test_a_cell_without_a_hospital_is_found_again_whatever_the_hospital_is_called(tmp_path):
    write_run(tmp_path, "run-001")
    name = "St John's"
    study_files.save(tmp_path, study([done("fedavg", 42, 90, without=name, hospitals=(A, B, name))]))
    for _ in range(2):
        store = exported(tmp_path, "study-001")
    assert sorted(each.info.run_name for each in runs_of(store)) == ["fedavg-seed42-without-St John's", "study-001"]


def test_names_that_mlflow_does_not_take_are_written_with_other_signs(tmp_path):
    write_run(tmp_path, "run-007", hospitals={"a/../../b": (0.0, 0.0), "seconds": (1.0, 1.0), **STRANGE})
    store = exported(tmp_path)
    (found,) = runs_of(store)
    assert found.data.metrics["hospitals/a_.._.._b/val_accuracy"] > 0.0


def test_what_fails_half_way_leaves_nothing(tmp_path, monkeypatch, capsys):
    write_run(tmp_path, "run-007")
    store = exported(tmp_path)
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    def full(*arguments, **named):
        raise MlflowException("No space left")

    with monkeypatch.context() as patched:
        patched.setattr(MlflowClient, "log_text", full)
        (tmp_path / "artifacts/run-007/model_card.md").write_text("# Card")
        assert main(["run-007", "--to", "mlflow", "--output-dir", str(tmp_path)]) == 2
    assert "No space left" in capsys.readouterr().err
    assert len(runs_of(store)) == 1


_WATCHED = """
import socket, sys
asked = []
socket.socket.connect = lambda self, address: asked.append(address)
socket.getaddrinfo = lambda *of, **named: asked.append(of) or []
from server.export.__main__ import main
code = main(sys.argv[1:])
import mlflow
from mlflow.telemetry import get_telemetry_client
assert get_telemetry_client() is None
assert not asked, asked
sys.exit(code)
"""


def test_no_server_is_asked_and_no_use_is_reported(tmp_path):
    write_run(tmp_path, "run-007")
    plain = {
        name: value
        for name, value in os.environ.items()
        if name not in (*mlflow_store.SWITCHES, "PYTEST_CURRENT_TEST", "CI")
    }
    command = [sys.executable, "-c", _WATCHED, "run-007", "--to", "mlflow", "--output-dir", str(tmp_path)]
    done = subprocess.run(command, env=plain, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
