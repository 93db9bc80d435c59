from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from common.artifacts.service_history import read_changes, run_in_service
from common.artifacts.words import POOLED, no_shared_model
from server.promote import main
from tests.support.service_runs import completed_run


def call(output_dir: Path, run_id: str = "run-001", reason: str = "better") -> int:
    return main([run_id, "--reason", reason, "--by", "Asha", "--output-dir", str(output_dir)])


def test_it_puts_a_run_in_service(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    completed_run(tmp_path)
    assert call(tmp_path) == 0
    assert "run-001 is in service" in capsys.readouterr().out
    (change,), _ = read_changes(tmp_path)
    assert (change.run_id, change.reason, change.by) == ("run-001", "better", "Asha")


def test_a_pooled_model_is_called_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    completed_run(tmp_path, pooled=True, notice=POOLED)
    assert call(tmp_path) == 0
    assert POOLED in capsys.readouterr().out


def test_hospitals_that_share_no_model_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    completed_run(tmp_path, no_shared_model=no_shared_model("normalisation"))
    assert call(tmp_path) == 2
    said = capsys.readouterr().err
    assert said.startswith("error SERVICE006: run-001 has no model to put in service. There is no global model")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("run_id", "reason", "code"), [("run-404", "x", "RUN001"), ("../x", "x", "RUN001"), ("run-001", " ", "SERVICE001")]
)
def test_a_refusal_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], run_id: str, reason: str, code: str
) -> None:
    completed_run(tmp_path)
    assert call(tmp_path, run_id, reason) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error {code}: ")
    assert said.count("\n") == 1
    assert run_in_service(tmp_path) is None


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert call(tmp_path) == 2


def test_a_file_where_models_should_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    completed_run(tmp_path)
    (tmp_path / "models").write_text("not a folder")
    assert call(tmp_path) == 1
    assert capsys.readouterr().err.startswith("error DISK001: ")


def test_a_missing_reason_and_help() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["run-001"])
    assert caught.value.code == 2
    command = [sys.executable, "-m", "server.promote", "--help"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0
    assert "--reason" in answer.stdout
