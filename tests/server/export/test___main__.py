"""The command line: what cannot be exported is one sentence."""

from __future__ import annotations

import json

import pytest

from server.export import exporters
from server.export.__main__ import main
from tests.support import study_files
from tests.support.run_files import write_run, write_version_one
from tests.support.studies import done, lost, study


def refused(capsys, *arguments: str) -> str:
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


@pytest.mark.parametrize("kind", exporters.EXPORTERS)
@pytest.mark.parametrize("state", ["running", "failed", "interrupted"])
def test_a_run_that_is_not_completed_is_not_exported(tmp_path, capsys, kind, state):
    write_run(tmp_path, "run-007", state=state)
    assert "EXPORT002" in refused(capsys, "run-007", "--to", kind, "--output-dir", str(tmp_path))
    assert not (tmp_path / "exports").exists()


def test_a_run_whose_history_is_damaged_is_not_exported(tmp_path, capsys):
    (write_run(tmp_path, "run-007") / "training_history.json").write_text("[{")
    said = refused(capsys, "run-007", "--to", "csv", "--output-dir", str(tmp_path))
    assert "training_history.json is not valid JSON" in said


def test_version_ones_run_and_no_run_are_sentences(tmp_path, capsys):
    write_version_one(tmp_path)
    assert "EXPORT002" in refused(capsys, "run-001", "--to", "csv", "--output-dir", str(tmp_path))
    assert "RUN001" in refused(capsys, "run-999", "--to", "csv", "--output-dir", str(tmp_path))
    assert "RUN001" in refused(capsys, "../run-001", "--to", "csv", "--output-dir", str(tmp_path))
    assert "EXPORT003" in refused(capsys, "study-001", "--to", "csv", "--output-dir", str(tmp_path))


@pytest.mark.parametrize(
    ("cells", "state", "says"),
    [
        ([done("fedavg", 42, 90)], "running", "is not completed (running)"),
        ([lost("fedavg", 42, "failed")], "incomplete", "none of its runs"),
    ],
)
def test_a_study_without_a_completed_run_is_a_sentence(tmp_path, capsys, cells, state, says):
    study_files.save(tmp_path, study(cells, state=state))
    assert says in refused(capsys, "study-001", "--to", "csv", "--output-dir", str(tmp_path))


@pytest.mark.parametrize("kind", ["onnx", "tensorboard", "mlflow"])
def test_a_missing_library_is_a_sentence_that_says_what_to_install(tmp_path, capsys, monkeypatch, kind):
    monkeypatch.setattr(exporters, "find_spec", lambda name: None)
    write_run(tmp_path, "run-007")
    said = refused(capsys, "run-007", "--to", kind, "--output-dir", str(tmp_path))
    assert "EXPORT001" in said
    assert "pip install '.[export]'" in said


@pytest.mark.parametrize("kind", ["tensorboard", "mlflow", "csv"])
def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path, capsys, kind):
    write_run(tmp_path, "run-007")
    (tmp_path / "file").write_text("mine")
    out = str(tmp_path / "file" / "below")
    assert "EXPORT004" in refused(capsys, "run-007", "--to", kind, "--out", out, "--output-dir", str(tmp_path))
    assert (tmp_path / "file").read_text() == "mine"


def test_a_run_that_differs_from_its_ledger_is_not_exported(tmp_path, capsys):
    folder = write_run(tmp_path, "run-007")
    status = json.loads((folder / "status.json").read_text())
    (folder / "status.json").write_text(json.dumps(status | {"ledger": "00" * 32}))
    assert "LEDGER002" in refused(capsys, "run-007", "--to", "csv", "--output-dir", str(tmp_path))
