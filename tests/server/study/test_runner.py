"""Studies on phantoms: whole, stopped and gone on with, with a cell that fails; the runs are real ones."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from common.artifacts.study import load_study
from common.config.hydra import compose_config
from common.errors import InputError, Interrupted, RunError
from server.evaluate import main as evaluate
from server.study import runner as module
from server.study.grid import plan_cells
from server.study.grid_settings import study_grid
from server.study.processes import EVALUATE, SIMULATE, Ended
from tests.conftest import base_overrides
from tests.support.small_network_row import EVERYWHERE

ROOT = Path(__file__).resolve().parents[3]


class InThisProcess:
    """Runs each cell through the real command line, but in this process: ten times as fast."""

    def __init__(self, simulate, script=()):
        self._simulate, self.asked, self.stopped = simulate, [], False
        self.modules = []
        self.script = dict(script)  # number of the call, from 0, to what is done instead

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def run(self, overrides, module=SIMULATE):
        self.asked.append(list(overrides))
        self.modules.append(module)
        instead = self.script.get(len(self.asked) - 1)
        if instead:
            return instead(self)
        if module == EVALUATE:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
                code = evaluate(overrides)
            return Ended(code, said.getvalue().removeprefix("error ").strip() or None)
        done = self._simulate(*overrides, base=False)
        return Ended(done.code, done.err.removeprefix("error ").strip() or None)


@pytest.fixture
def conducted(simulate, phantoms, tmp_path, monkeypatch):
    """Return a function that conducts a study and returns its study.json, the processes and what was raised."""

    def conduct(*overrides, script=(), output="out"):
        wanted = [*base_overrides(phantoms, tmp_path / "cache"), "rounds=1", f"output_dir={tmp_path / output}"]
        wanted += ["study.strategies=[local,fedavg]", "study.seeds=[1,2]", *overrides]
        processes, raised = InThisProcess(simulate, script), None
        monkeypatch.setattr(module, "CellProcesses", lambda at_once: processes)
        try:
            grid = study_grid(compose_config("study", wanted))
            module.conduct_study(grid, plan_cells(grid, wanted), "python -m server.study ...", Console(quiet=True))
        except (RunError, Interrupted) as error:
            raised = error
        body = json.loads((tmp_path / output / "artifacts" / "study-001" / "study.json").read_text())
        return body, processes, raised

    return conduct


def states(body):
    return [cell["state"] for cell in body["cells"]]


@pytest.mark.slow
def test_a_study_is_done_once_and_no_more(conducted, tmp_path):
    body, processes, raised = conducted()
    assert raised is None
    assert (body["state"], states(body)) == ("completed", ["completed"] * 4)
    assert [cell["run_id"] for cell in body["cells"]] == ["run-001", "run-002", "run-003", "run-004"]
    for cell in body["cells"]:
        meta = json.loads((tmp_path / "out/artifacts" / cell["run_id"] / "model_meta.json").read_text())
        recorded = {name: own["confusion_matrix"] for name, own in meta["metrics"]["per_hospital"].items()}
        assert cell["test_confusion_matrices"] == recorded
        assert (meta["strategy"], meta["seed"]) == (cell["strategy"], cell["seed"])
        assert cell["gradient_steps"] > 0
    by_seed = {}
    for cell in body["cells"]:
        supports = {name: [sum(row) for row in m] for name, m in cell["test_confusion_matrices"].items()}
        assert by_seed.setdefault(cell["seed"], supports) == supports, "one seed, one split"
    assert body["synthetic"] is True
    assert body["class_counts"]["Phantom Jaipur"]["notumor"] > 0
    assert not list((tmp_path / "out" / "models").glob("*.json")), "a study puts nothing in service"

    again, processes, raised = conducted()
    assert (processes.asked, raised, states(again)) == ([], None, ["completed"] * 4)

    _, processes, raised = conducted("study.strategies=[local,fedavg]", "study.seeds=[1,2,3]")
    assert len(processes.asked) == 2, "another study, which takes over what is there"
    assert load_study(tmp_path / "out" / "artifacts" / "study-002").seeds == (1, 2, 3)

    slices = sorted((tmp_path / "out" / "artifacts").glob("run-00*/dataset_splits.json"))
    splits = json.loads(slices[0].read_text())
    splits["hospitals"]["Phantom Jaipur"]["files_sha256"] = "0" * 64
    slices[0].write_text(json.dumps(splits))
    _, processes, _ = conducted()
    assert len(processes.asked) == 1, "a run on other slices than the newest one's is no pair"


@pytest.mark.slow
def test_a_failed_cell_is_named_and_tried_again(conducted):
    body, processes, raised = conducted(script={1: lambda _: Ended(-9, None)})
    assert len(processes.asked) == 4, "the study goes on"
    assert states(body) == ["completed", "failed", "completed", "completed"]
    assert "killed by SIGKILL" in body["cells"][1]["reason"]
    assert (raised.code, raised.exit_code) == ("STUDY010", 1)
    assert "fedavg, seed 1" in raised.sentence
    assert body["state"] == "incomplete"
    pairs = next(row for row in body["results"]["differences"] if row["measure"] == "accuracy")
    assert (pairs["n"], pairs["seeds"], pairs["verdict"]) == (1, [2], "one_seed")

    body, processes, raised = conducted()
    assert (len(processes.asked), raised, body["state"]) == (1, None, "completed")


@pytest.mark.slow
def test_a_run_that_cannot_go_on_begins_anew(conducted, tmp_path):
    def stop(processes):
        processes.stopped = True
        return Ended(130, "RUN130: The run was stopped.")

    body, _, raised = conducted("study.strategies=[fedavg]", "study.seeds=[1]", script={0: stop})
    assert (raised.exit_code, body["state"]) == (130, "interrupted")
    run = tmp_path / "out" / "artifacts" / "run-001"
    body, _, _ = conducted("study.strategies=[fedavg]", "study.seeds=[1]")
    status = json.loads((run / "status.json").read_text()) | {"state": "interrupted"}
    (run / "status.json").write_text(json.dumps(status))
    (run / "model_meta.json").unlink()
    (run / "checkpoint.pth").write_text("not a checkpoint")
    body, processes, raised = conducted("study.strategies=[fedavg]", "study.seeds=[1]")
    assert [asked[0] for asked in processes.asked] == ["resume=run-001", "strategy=fedavg"]
    assert (raised, body["cells"][0]["run_id"]) == (None, "run-002")


@pytest.mark.slow
def test_each_hospital_is_left_out_and_tested_once_and_a_test_that_failed_is_done_anew(conducted, tmp_path):
    external = ["study.strategies=[local,fedavg]", "study.seeds=[1]", "study.external=true"]
    body, processes, raised = conducted(*external, script={3: lambda _: Ended(-9, None)})
    assert processes.modules[2:] == [SIMULATE, EVALUATE] * 3, "each is tested as soon as it is trained"
    assert states(body) == ["completed"] * 2 + ["failed"] + ["completed"] * 2
    assert "killed by SIGKILL" in body["cells"][2]["reason"]
    assert raised.code == "STUDY010"

    body, processes, raised = conducted(*external)
    assert (processes.modules, raised, body["state"]) == ([EVALUATE], None, "completed")
    for cell in body["cells"][2:]:
        outside = cell["external"]
        meta = tmp_path / "out" / "artifacts" / outside["evaluation_id"] / "evaluation_meta.json"
        own = json.loads(meta.read_text())["metrics"]["per_hospital"][cell["without"]]
        assert outside["confusion_matrix"] == own["confusion_matrix"]
        assert outside["design_effect"] >= 1
        alone = cell["without"] == "Phantom Jaipur"
        assert outside["left_out_slices"] == (sum(own["confusion_matrix"][3]) if alone else 0), "nobody else holds it"
    (told,) = body["results"]["unseen"]
    assert (told["test"], told["strategy"]) == ("external", "fedavg")
    assert told["accuracy"]["interval"]
    assert told["own_split"]["mean"] is not None

    left_out = [*external[:2], "study.leave_one_out=true"]
    _, processes, _ = conducted(*left_out)
    assert processes.asked == [], "the runs are the same"


@pytest.mark.slow
def test_each_fold_is_the_test_once_and_the_own_split_stands_beside_where_it_is_there(conducted, tmp_path):
    conducted("study.strategies=[fedavg]", "study.seeds=[1]")
    folds = ["study.strategies=[fedavg]", "study.seeds=[1]", "study.folds=3"]
    _, processes, raised = conducted(*folds)
    assert (len(processes.asked), raised) == (3, None)
    found = load_study(tmp_path / "out" / "artifacts" / "study-002")
    assert found.problems == ()
    assert [each.cell.fold for each in found.cells] == [1, 2, 3, None]
    whole = found.seeds_of("fedavg")[1]
    runs = tmp_path / "out" / "artifacts"
    tested = [json.loads((runs / each.run_id / "dataset_splits.json").read_text()) for each in found.planned]
    for name in found.hospitals:
        parts = [set(splits["hospitals"][name]["test_idx"]) for splits in tested]
        assert not any(one & other for place, one in enumerate(parts) for other in parts[:place]), "never twice"
        assert sum(map(len, parts)) == whole.tests[name].sum()
    body = json.loads((runs / "study-002" / "study.json").read_text())
    (told,) = body["results"]["unseen"]
    assert told["test"] == "folds"
    assert told["own_split"]["mean"] is not None
    _, processes, _ = conducted(*folds)
    assert processes.asked == []


@pytest.mark.slow
def test_two_runs_at_a_time_end_in_the_figures_of_one_at_a_time(conducted, phantoms, tmp_path):
    output = tmp_path / "beside"
    grid = ["study.strategies=[local,fedavg]", "study.seeds=[1]"]
    process = start(
        *base_overrides(phantoms, tmp_path / "cache"), *grid, "rounds=1", "study.parallel=2", f"output_dir={output}"
    )
    text = process.communicate()[0]
    assert process.returncode == 0, text
    assert "2 of 2 trained" in text
    beside = json.loads((output / "artifacts/study-001/study.json").read_text())
    alone, _, _ = conducted(*grid)
    assert [cell["test_confusion_matrices"] for cell in beside["cells"]] == [
        cell["test_confusion_matrices"] for cell in alone["cells"]
    ]
    assert alone["plan_sha256"] == beside["plan_sha256"]


def start(*overrides):
    environment = {**os.environ, **EVERYWHERE, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "server.study", *overrides]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.mark.slow
def test_ctrl_c_stops_the_study_and_the_same_command_ends_in_the_same_figures(conducted, phantoms, tmp_path):
    output = tmp_path / "out"
    grid = ["study.strategies=[fedavg]", "study.seeds=[1,2]", "rounds=3"]
    command = [*base_overrides(phantoms, tmp_path / "cache"), *grid, f"output_dir={output}"]
    process = start(*command)
    history = output / "artifacts" / "run-001" / "training_history.json"
    while not history.exists() or not json.loads(history.read_text()):
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    text = process.communicate()[0]
    assert process.returncode == 130, text
    assert "go on with: python -m server.study" in text
    assert "Traceback" not in text
    body = json.loads((output / "artifacts/study-001/study.json").read_text())
    assert (body["state"], states(body)) == ("interrupted", ["interrupted", "missing"])

    process = start(*command)
    text = process.communicate()[0]
    assert process.returncode == 0, text
    assert "cell 1 of 2  fedavg, seed 1, going on with run-001" in text
    assert "How sure are we?" in text
    resumed = json.loads((output / "artifacts/study-001/study.json").read_text())
    assert [cell["run_id"] for cell in resumed["cells"]] == ["run-001", "run-002"]

    undisturbed, _, _ = conducted(*grid, output="undisturbed")
    assert undisturbed["results"] == resumed["results"]


@pytest.mark.slow
def test_a_mistake_is_one_sentence_and_leaves_nothing(phantoms, tmp_path):
    process = start(*base_overrides(phantoms, tmp_path / "cache"), f"output_dir={tmp_path / 'out'}", "seed=3")
    text = process.communicate()[0]
    assert process.returncode == 2
    assert text.startswith("error STUDY003: Each run of a study has its own seed")
    assert not (tmp_path / "out").exists()


def test_hospitals_without_slices_are_refused_once_and_before_anything_is_written(phantoms, tmp_path):
    wanted = [*base_overrides(phantoms, tmp_path / "cache"), f"output_dir={tmp_path}", f"data.root={tmp_path}"]
    grid = study_grid(compose_config("study", wanted))
    with pytest.raises(InputError) as raised:
        module.conduct_study(grid, plan_cells(grid, wanted), "", Console(quiet=True))
    assert raised.value.code == "DATA001"
    assert not list((tmp_path / "artifacts").iterdir())
