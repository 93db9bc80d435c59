"""A finished model at hospitals that did not train it: what is evaluated, written, said and refused."""

import json
import shutil

import pytest

from common.artifacts.layout import list_evaluations
from common.artifacts.load import list_runs
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
def evaluate(small_network, phantoms, tmp_path, output, capsys):
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
    trained, evaluate, output
):
    code, said, error = evaluate("hospitals=[phantom_kolkata,phantom_jaipur]")
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
    folder = output / "artifacts" / "evaluation-001"
    assert {path.name for path in folder.iterdir()} == {"evaluation_meta.json", "config.yaml", "evaluation.log"}
    assert "tested" in (folder / "evaluation.log").read_text()


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
