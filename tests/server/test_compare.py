"""Two recipes on the same cases: runs and studies are paired, evaluated once, added up, written, said and refused."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from common.artifacts.layout import StudyFolder, list_comparisons, list_evaluations
from common.artifacts.study import write_study
from common.study.records import Cell, CellResult, Study
from server import evaluate
from server.compare import main
from server.comparison import runner
from server.study.processes import Ended
from tests.support.small_network_row import EVERYWHERE

ROOT = Path(__file__).resolve().parents[2]
KOLKATA = "Phantom Kolkata"
WITHOUT_KOLKATA = "hospitals=[phantom_jaipur,phantom_hyderabad]"
CELLS = (Cell("fedavg", 1), Cell("fedavg", 2), Cell("fedavg", 1, KOLKATA))


class InThisProcess:
    """Evaluates through the real command line, but in this process: ten times as fast."""

    def __init__(self, capsys):
        self._capsys, self.asked, self.stopped = capsys, [], False

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def run(self, arguments, module):
        self.asked.append(arguments)
        before = self._capsys.readouterr()
        code = evaluate.main(arguments)
        error = self._capsys.readouterr().err
        sys.stdout.write(before.out)
        return Ended(code, error.removeprefix("error ").strip() or None)


def study(output, number, runs, **fields):
    """Write a study of these runs, as if the study command had made it."""
    cells = tuple(
        CellResult(cell, "completed" if run else "failed", run) for cell, run in zip(CELLS, runs, strict=True)
    )
    made = Study(f"study-{number:03d}", strategies=("fedavg",), seeds=(1, 2), cells=cells, **fields)
    folder = StudyFolder(output, made.study_id)
    folder.path.mkdir(parents=True)
    write_study(folder, made, {})


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def output(kept, simulate, tmp_path):
    """Two recipes, each with two seeds and once without a hospital; trained once, and each in a study."""
    if not (kept / "artifacts").exists():
        for recipe in ("train.lr=1e-3", "train.lr=1e-2"):
            for cell in (["seed=1"], ["seed=2"], ["seed=1", WITHOUT_KOLKATA]):
                done = simulate(f"output_dir={kept}", "rounds=1", "in_service=false", recipe, *cell)
                assert done.code == 0, done.err
        study(kept, 1, ("run-001", "run-002", "run-003"))
        study(kept, 2, ("run-004", "run-005", "run-006"))
    shutil.copytree(kept, tmp_path / "results")
    return tmp_path / "results"


def places(output, phantoms, tmp_path):
    folders = [f"output_dir={output}", f"data.root={phantoms}", f"data.cache_dir={tmp_path / 'cache'}"]
    return [*folders, "compute.engine=inprocess", "compute.threads=1"]


@pytest.fixture
def compare(output, phantoms, tmp_path, capsys, monkeypatch):
    """Run ``python -m server.compare``; exit code, output, error and the evaluations that were started."""

    def run(*words):
        processes = InThisProcess(capsys)
        monkeypatch.setattr(runner, "CellProcesses", lambda *given, **known: processes)
        capsys.readouterr()
        code = main([*words, *places(output, phantoms, tmp_path)])
        said = capsys.readouterr()
        return code, said.out, said.err, processes.asked

    return run


def comparison(output, number=1):
    return json.loads((output / "artifacts" / f"comparison-{number:03d}" / "comparison.json").read_text())


def confusion(output, run, name=None):
    metrics = json.loads((output / "artifacts" / run / "model_meta.json").read_text())["metrics"]
    return np.array((metrics["per_hospital"][name] if name else metrics)["confusion_matrix"])


def test_two_studies_are_compared_cell_by_cell_and_each_pair_is_evaluated_once(compare, output):
    code, said, error, asked = compare("study-002", "study-001")
    assert code == 0, error
    assert [words[0] for words in asked] == ["run-004", "run-005", "run-006"]
    found = comparison(output)
    assert (found["of"], found["with"], found["state"]) == ("study-002:fedavg", "study-001:fedavg", "completed")
    assert [(each["seed"], each["without"], each["run"], each["reference"]) for each in found["pairs"]] == [
        (1, None, "run-004", "run-001"),
        (2, None, "run-005", "run-002"),
        (1, KOLKATA, "run-006", "run-003"),
    ]
    own, elsewhere = found["results"]["own"], found["results"]["elsewhere"]
    assert own["seeds"] == [1, 2]
    this, reference = (
        sum(confusion(output, run) for run in runs) for runs in (("run-004", "run-005"), ("run-001", "run-002"))
    )
    assert own["slices"]["accuracy"] == pytest.approx(np.trace(this) / this.sum()), "as the runs' own tests say"
    assert own["slices"]["reference_accuracy"] == pytest.approx(np.trace(reference) / reference.sum())
    assert own["slices"]["cases"] <= this.sum(), "a slice that both seeds test counts once"
    assert own["slices"]["spread"] is not None
    assert list(elsewhere["per_hospital"]) == [KOLKATA]
    assert elsewhere["slices"]["spread"] is None
    held = json.loads((output / "artifacts/run-001/dataset_stats.json").read_text())
    trained = {label for name in ("Phantom Jaipur", "Phantom Hyderabad") for label in held[name]["class_distribution"]}
    known = sum(number for label, number in held[KOLKATA]["class_distribution"].items() if label in trained)
    assert elsewhere["slices"]["cases"] == known
    assert elsewhere["unknown_class_slices"] == held[KOLKATA]["total_samples"] - known
    assert "On the test slices of the same hospitals, split by groups (seeds 1 and 2)" in said
    assert f"At hospitals that trained neither ({KOLKATA}; seed 1)" in said
    assert "groups needed" in said

    code, again, error, asked = compare("study-002", "study-001")
    assert (code, asked) == (0, []), error
    assert "3 of them judged already" in again
    assert comparison(output)["results"] == found["results"]
    assert list_comparisons(output) == ["comparison-001"]

    shutil.rmtree(output / "artifacts" / found["pairs"][1]["evaluation"])
    assert [words[0] for words in compare("study-002", "study-001")[3]] == ["run-005"], "one alone is done anew"
    assert comparison(output)["results"] == found["results"]


def test_two_runs_are_compared_at_the_hospitals_that_trained_both_or_neither(compare, output):
    code, said, error, _ = compare("run-004", "run-001")
    assert code == 0, error
    found = comparison(output)
    assert found["results"]["elsewhere"] is None
    own = found["results"]["own"]
    assert list(own["per_hospital"]) == ["Phantom Jaipur", "Phantom Hyderabad", KOLKATA]
    for name, body in own["per_hospital"].items():
        matrix = confusion(output, "run-004", name)
        assert body["slices"]["accuracy"] == pytest.approx(np.trace(matrix) / matrix.sum())
    assert "rests on" in said

    code, said, error, _ = compare("run-006", "run-003", "hospitals=[phantom_kolkata]")
    assert code == 0, error
    assert comparison(output, 2)["results"]["own"] is None
    assert comparison(output, 2)["results"]["elsewhere"]["slices"]["cases"] > 0


def test_what_has_no_partner_is_said_and_the_rest_is_compared(compare, output):
    study(output, 3, ("run-004", None, "run-006"))
    code, said, error, asked = compare("study-003", "study-001:fedavg")
    assert code == 0, error
    assert [words[0] for words in asked] == ["run-004", "run-006"]
    assert "1 of the runs of study-001:fedavg have no partner in study-003:fedavg: seed 2." in said


def test_a_pair_that_cannot_be_judged_is_named_and_the_others_are(compare, output, simulate):
    done = simulate(f"output_dir={output}", "rounds=1", "in_service=false", "seed=2", "data.image_size=48")
    assert done.code == 0, done.err
    study(output, 3, ("run-004", "run-007", "run-006"))
    code, said, error, _ = compare("study-003", "study-001")
    assert code == 1
    assert error.startswith("error COMPARE010: 1 of 3 pairs could not be judged (run-007 beside run-002: MODEL009: ")
    found = comparison(output)
    assert (found["state"], [each["state"] for each in found["pairs"]]) == (
        "incomplete",
        ["completed", "failed", "completed"],
    )
    assert found["results"]["own"]["seeds"] == [1]
    assert "go on with: python -m server.compare study-003 study-001" in said


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["run-001", "run-001"], "COMPARE001", "with itself"),
        (["run-001", "study-001"], "COMPARE001", "two of a kind"),
        (["study-001", "study-009"], "COMPARE001", "There is no study 'study-009'"),
        (["study-001:pooled", "study-002"], "COMPARE001", "no runs of pooled"),
        (["best", "study-002"], "COMPARE001", "'best' is no run or study"),
        (["run-001", "run-009"], "RUN001", "run-009"),
        (["study-002", "study-001", "hospitals=[phantom_jaipur]"], "COMPARE001", "its own hospitals"),
        (["study-002", "study-001", "train.lr=1"], "COMPARE001", "leave train.lr out"),
        (["run-003", "run-001", "hospitals=[phantom_kolkata]"], "COMPARE001", "not fair to both"),
        (["run-004", "run-001", "hospitals=[nowhere]"], "CONF005", "nowhere"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(compare, output, words, code, says):
    found, _, error, asked = compare(*words)
    assert (found, asked) == (2, []), error
    assert error.startswith(f"error {code}: ")
    assert says in error
    assert error.count("\n") == 1
    assert not list_comparisons(output)


def test_the_same_runs_in_two_studies_are_no_comparison(compare, output):
    study(output, 3, ("run-001", "run-002", "run-003"))
    code, _, error, _ = compare("study-003", "study-001")
    assert (code, "are the same runs (run-001)" in error) == (2, True)


@pytest.mark.slow
def test_ctrl_c_stops_a_comparison_and_the_same_command_goes_on(output, phantoms, tmp_path):
    command = [sys.executable, "-m", "server.compare", "study-002", "study-001", *places(output, phantoms, tmp_path)]
    environment = {**os.environ, **EVERYWHERE, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}

    def start():
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    process = start()
    while not list((output / "artifacts").glob("evaluation-001/evaluation_meta.json")):
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    text = process.communicate()[0]
    assert process.returncode == 130, text
    assert "go on with: python -m server.compare study-002 study-001" in text
    assert "Traceback" not in text
    assert comparison(output)["state"] == "interrupted"
    done = len(list((output / "artifacts").glob("evaluation-*/evaluation_meta.json")))

    process = start()
    text = process.communicate()[0]
    assert process.returncode == 0, text
    assert f"3 pairs of runs, {done} of them judged already" in text
    assert comparison(output)["state"] == "completed"
    assert len(list_evaluations(output)) >= 3
