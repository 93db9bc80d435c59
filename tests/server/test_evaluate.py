"""A finished model at hospitals that did not train it: what is evaluated, written, said and refused."""

import json
import shutil

import pytest

from clients.cases.table import FILE, read_table
from common.artifacts.external.load import at_home, load_evaluations
from common.artifacts.layout import list_evaluations
from common.artifacts.load import list_runs
from common.errors import Interrupted
from server.evaluate import main

TWO = "hospitals=[phantom_jaipur,phantom_hyderabad]"
NEW = "hospitals=[phantom_kolkata]"


@pytest.fixture
def output(tmp_path):
    return tmp_path / "results"


@pytest.fixture
def trained(simulate, output):
    """A run of one round at two of the three hospitals."""
    done = simulate(f"output_dir={output}", TWO, "rounds=1", "in_service=false")
    assert done.code == 0, done.err
    return output / "artifacts" / "run-001"


@pytest.fixture
def evaluate(phantoms, tmp_path, output, capsys):
    """Run ``python -m server.evaluate`` in this process on the phantoms; exit code, output and error."""

    def run(*overrides, run="run-001"):
        places = [f"output_dir={output}", f"data.root={phantoms}", f"data.cache_dir={tmp_path / 'cache'}"]
        capsys.readouterr()
        code = main([run, *places, "compute.engine=inprocess", "compute.threads=1", *overrides])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def figures_of(output, number=1):
    return json.loads((output / "artifacts" / f"evaluation-{number:03d}" / "evaluation_meta.json").read_text())


def test_a_hospital_that_did_not_train_evaluates_every_slice_and_one_that_did_its_test_slices(
    trained, evaluate, output, tmp_path
):
    code, said, error = evaluate("hospitals=[phantom_kolkata,phantom_jaipur]", "data.keep_cases=true")
    assert code == 0, error
    meta = figures_of(output)
    splits = json.loads((trained / "dataset_splits.json").read_text())["hospitals"]
    tests = meta["metrics"]["per_hospital"]
    stats = meta["datasets"]
    assert tests["Phantom Kolkata"]["n_test"] == stats["Phantom Kolkata"]["total_samples"] > 0
    assert tests["Phantom Jaipur"]["n_test"] == len(splits["Phantom Jaipur"]["test_idx"])
    internal = json.loads((trained / "model_meta.json").read_text())["metrics"]
    own = internal["per_hospital"]["Phantom Jaipur"]
    assert tests["Phantom Jaipur"]["confusion_matrix"] == own["confusion_matrix"], "the same model, the same slices"
    assert tests["Phantom Jaipur"]["likeness"] == own["likeness"], "to the slices that it was trained on"
    assert tests["Phantom Kolkata"]["likeness"] is None, "it was trained on none there"
    assert [each["trained"] for each in meta["hospitals"]] == [False, True]
    assert meta["of"] == "run-001"
    assert meta["model_sha256"] == json.loads((trained / "model_meta.json").read_text())["sha256"]
    assert meta["internal"]["test_accuracy"] == internal["test_accuracy"]
    elsewhere = meta["elsewhere"]
    assert elsewhere["hospitals"] == ["Phantom Kolkata"]
    assert elsewhere["difference"] == pytest.approx(elsewhere["test_accuracy"] - internal["test_accuracy"])
    low, high = elsewhere["difference_interval"]
    assert low <= elsewhere["difference"] <= high
    assert "Phantom Jaipur: its test slices alone" in said
    assert "which did not train it" in said
    assert "each round" not in said
    assert meta["test_slices_trained_elsewhere"] == 0, "a hospital that trained it was there to compare with"
    folder = output / "artifacts" / "evaluation-001"
    assert {path.name for path in folder.iterdir()} == {"evaluation_meta.json", "config.yaml", "evaluation.log"}
    assert "tested" in (folder / "evaluation.log").read_text()
    for key, name in (("phantom_kolkata", "Phantom Kolkata"), ("phantom_jaipur", "Phantom Jaipur")):
        (path,) = (tmp_path / "cache").glob(f"runs/*/{key}/{FILE}")
        assert len(read_table(path).cases) == tests[name]["n_test"], "its misjudged slices can be looked at there"


def test_an_evaluation_is_no_run(trained, evaluate, output):
    assert evaluate(NEW)[0] == 0
    assert evaluate(NEW)[0] == 0
    assert list_evaluations(output) == ["evaluation-002", "evaluation-001"]
    assert list_runs(output) == ["run-001"]
    assert figures_of(output, 1)["metrics"] | {"x": 0} == figures_of(output, 2)["metrics"] | {"x": 0}


def test_more_slices_than_the_run_took_of_a_class_are_evaluated_elsewhere(simulate, evaluate, output):
    done = simulate(f"output_dir={output}", TWO, "rounds=1", "data.max_per_class=9", "in_service=false")
    assert done.code == 0, done.err
    assert evaluate(NEW)[0] == 0
    meta = figures_of(output)
    assert meta["hospitals"][0]["slices"] == meta["datasets"]["Phantom Kolkata"]["total_samples"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder to which the first test that trains leaves its run, so that the refusals need not train again."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def finished(kept, output, simulate):
    if not (kept / "artifacts").exists():
        done = simulate(f"output_dir={kept}", TWO, "rounds=1", "in_service=false")
        assert done.code == 0, done.err
    shutil.copytree(kept, output)
    return output / "artifacts" / "run-001"


@pytest.mark.parametrize(
    ("overrides", "code", "says"),
    [
        ([NEW, "data.image_size=64"], "MODEL007", "data.image_size=32"),
        ([NEW, "experiment=fast"], "MODEL007", "leave experiment out"),
        ([NEW, "strategy.min_hospitals=3"], "CONF010", "min_hospitals"),
        ([], "MODEL006", "hospitals=["),
        (["hospitals=[nowhere]"], "CONF005", "nowhere"),
        (["hospitals=[phantom_kolkata,phantom_kolkata]"], "CONF009", "twice"),
        ([NEW, "data.root=/nowhere"], "DATA001", "/nowhere"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(finished, evaluate, output, overrides, code, says):
    found, _, error = evaluate(*overrides)
    assert found == 2
    assert error.startswith(f"error {code}: ")
    assert says in error
    assert error.count("\n") == 1
    assert not list_evaluations(output)


def test_what_is_the_runs_own_may_be_said(finished, evaluate):
    assert evaluate(NEW, "data.image_size=32")[0] == 0


def test_an_unknown_run_an_unfinished_one_and_a_changed_model_are_refused(finished, evaluate, output):
    assert evaluate(NEW, run="run-009")[2].startswith("error RUN001: ")
    assert evaluate(NEW, run="../run-001")[2].startswith("error RUN001: ")
    path = finished / "global_model.pth"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"?")
    code, _, error = evaluate(NEW)
    assert (code, error.startswith("error LEDGER001: run-001 is not what was recorded: global_model.pth")) == (2, True)
    path.write_bytes(content)
    (finished / "model_meta.json").unlink()
    (finished / "status.json").write_text(json.dumps({"state": "interrupted"}))
    assert evaluate(NEW)[2].startswith("error MODEL001: run-001 is not completed (interrupted)")
    assert not list_evaluations(output)


def test_a_hospital_whose_slices_changed_since_it_trained_the_model_is_not_tested_on_them(
    finished, evaluate, output, phantoms, tmp_path
):
    root = tmp_path / "moved"
    shutil.copytree(phantoms, root)
    folder = next(path for path in (root / "dataset-1").rglob("*.png"))
    folder.rename(folder.with_name("another.png"))
    code, _, error = evaluate("hospitals=[phantom_jaipur]", f"data.root={root}")
    assert (code, "MODEL005" in error, "Phantom Jaipur" in error) == (2, True, True)
    assert not list_evaluations(output)


def test_ctrl_c_leaves_nothing(finished, evaluate, output, monkeypatch):
    def stopped(*given):
        raise Interrupted("RUN130", "The run was stopped.")

    monkeypatch.setattr("server.federation.external.evaluation.EvaluationPhase.run", stopped)
    assert evaluate(NEW)[0] == 130
    assert not list_evaluations(output)


def test_the_terminal_and_the_dashboard_read_what_was_written(finished, evaluate, output):
    assert evaluate(NEW)[0] == 0
    (found,), problems = load_evaluations(output)
    meta = figures_of(output)
    assert not problems
    assert found.hospitals[0].accuracy == meta["metrics"]["per_hospital"]["Phantom Kolkata"]["test_accuracy"]
    assert at_home(found).accuracy == meta["internal"]["test_accuracy"]
    (output / "artifacts" / "evaluation-001" / "evaluation_meta.json").write_text('{"of": ')
    found_none, problems = load_evaluations(output)
    assert (found_none, len(problems)) == ((), 1)


def test_the_model_of_pooled_slices_is_tested_elsewhere_and_trained_on_nowhere(simulate, evaluate, output):
    done = simulate(f"output_dir={output}", TWO, "rounds=1", "strategy=pooled", "in_service=false")
    assert done.code == 0, done.err
    code, _, error = evaluate(NEW)
    assert code == 0, error
    assert figures_of(output)["metrics"]["per_hospital"]["Phantom Kolkata"]["n_test"] > 0
    refused = simulate(f"output_dir={output}", TWO, "rounds=1", "init=run-001")
    assert (refused.code, "MODEL002" in refused.err, "POOLED" in refused.err) == (2, True, True)
