"""Two finished models on the same slices: what is compared, written, said and refused."""

import json
import shutil

import numpy as np
import pytest

from common.artifacts.external.comparison import compared_rows, comparison_sentences
from common.artifacts.layout import list_evaluations
from tests.server.test_evaluate import NEW, TWO, evaluate, figures_of, output  # noqa: F401

OTHER_TWO = "hospitals=[phantom_hyderabad,phantom_kolkata]"
ALL = "hospitals=[phantom_jaipur,phantom_hyderabad,phantom_kolkata]"

LARGER = [TWO, "data.image_size=48"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def runs(kept, output, simulate):  # noqa: F811
    """Finished runs: two of the same hospitals, one of others, one split otherwise, one larger; trained once."""
    if not (kept / "artifacts").exists():
        longer, otherwise = [OTHER_TWO, "train.local_epochs=20", "train.lr=3e-3"], [TWO, "data.test_fraction=0.3"]
        for settings in ([TWO], [TWO, "train.lr=1e-2"], longer, otherwise, LARGER):
            done = simulate(f"output_dir={kept}", "rounds=1", "in_service=false", *settings)
            assert done.code == 0, done.err
    shutil.copytree(kept, output)
    return output / "artifacts"


def test_two_models_are_compared_on_the_same_slices_and_each_as_if_it_were_alone(runs, evaluate, output):  # noqa: F811
    code, said, error = evaluate(ALL, "compare=run-003")
    assert code == 0, error
    meta = figures_of(output)
    found = meta["comparison"]
    assert evaluate(ALL, run="run-003")[0] == 0
    assert [(each["trained"], each["trained_reference"]) for each in meta["hospitals"]] == [
        (True, False),
        (True, True),
        (False, True),
    ]
    splits = json.loads((runs / "run-003" / "dataset_splits.json").read_text())["hospitals"]["Phantom Kolkata"]
    assert meta["hospitals"][2]["slices"] == len(splits["test_idx"]), "the other model was trained on the rest"
    matrix = np.array(meta["metrics"]["confusion_matrix"])
    slices, patients = found["slices"], found["patients"]
    assert slices["cases"] == matrix.sum()
    assert slices["only_this"] + slices["only_reference"] > 0, "else nothing was compared"
    assert slices["both_right"] + slices["only_this"] == np.trace(matrix)
    assert slices["accuracy"] == pytest.approx(meta["metrics"]["test_accuracy"])
    whole = meta["metrics"]["figures"]["per_patient"]
    assert (patients["cases"], patients["accuracy"]) == (whole["patients"], pytest.approx(whole["test_accuracy"]))
    alone = figures_of(output, 2)["metrics"]["per_hospital"]
    beside = found["per_hospital"]
    for name in ("Phantom Hyderabad", "Phantom Kolkata"):  # it judged the same slices of these alone
        right = np.trace(np.array(alone[name]["confusion_matrix"]))
        assert beside[name]["slices"]["both_right"] + beside[name]["slices"]["only_reference"] == right
    assert (found["with"], found["model_sha256"]) == (
        "run-003",
        json.loads((runs / "run-003" / "model_meta.json").read_text())["sha256"],
    )
    likeness = {name: own["likeness"] for name, own in meta["metrics"]["per_hospital"].items()}
    assert likeness["Phantom Hyderabad"]
    assert likeness["Phantom Kolkata"] is None, "its training slices are those of the other model"
    assert meta["metrics"]["likeness"]["left_out"] == ["Phantom Kolkata"]
    assert "run-001 beside run-003 on the same cases" in said
    assert "go by patients" in said
    assert "Phantom Kolkata: its test slices alone, since it trained run-003" in said
    sentences = " ".join(comparison_sentences(meta))
    assert "Phantom Jaipur trained run-001 and not run-003, which favours run-001 there" in sentences
    assert "Phantom Kolkata trained run-003 and not run-001" in sentences
    assert "(guessed)" in sentences
    assert f"rests on {patients['cases']} groups" in sentences
    assert compared_rows(meta)[0].verdict in sentences


def test_where_neither_was_trained_every_slice_is_judged_by_both(runs, evaluate, output):  # noqa: F811
    assert evaluate(NEW, "compare=run-002")[0] == 0
    meta = figures_of(output)
    assert meta["comparison"]["slices"]["cases"] == meta["datasets"]["Phantom Kolkata"]["total_samples"]
    assert evaluate(NEW)[0] == 0
    assert figures_of(output, 2)["comparison"] is None
    assert figures_of(output, 2)["metrics"] == meta["metrics"], (
        "the second model changes nothing of the first's figures"
    )
    assert not compared_rows(figures_of(output, 2))


@pytest.mark.parametrize(
    ("overrides", "code", "says"),
    [
        ([NEW, "compare=run-001"], "MODEL009", "with itself"),
        ([NEW, "compare=run-009"], "RUN001", "run-009"),
        ([NEW, "compare=1e23"], "CONF010", "compare takes the number of a finished run"),
        ([NEW, "compare=../run-002"], "CONF010", "compare takes"),
        ([TWO, "compare=run-004"], "MODEL009", "run-004 did not hold back the slices at Phantom Jaipur"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(runs, evaluate, output, overrides, code, says):  # noqa: F811
    found, _, error = evaluate(*overrides)
    assert found == 2, error
    assert error.startswith(f"error {code}: ")
    assert says in error
    assert error.count("\n") == 1
    assert not list_evaluations(output)


def test_a_hospital_that_trained_the_other_model_alone_with_another_split_is_refused_too(runs, evaluate, output):  # noqa: F811
    found, _, error = evaluate("hospitals=[phantom_jaipur]", "compare=run-003", run="run-004")
    assert found == 0, "only run-004 trained there"
    found, _, error = evaluate("hospitals=[phantom_kolkata]", "compare=run-003", run="run-004")
    assert (found, error.startswith("error MODEL009: "), "Phantom Kolkata" in error) == (2, True, True)
    assert list_evaluations(output) == ["evaluation-001"]


def test_a_model_of_another_image_size_is_refused_and_a_run_compares_nothing(runs, evaluate, output, simulate):  # noqa: F811
    code, _, error = evaluate(NEW, "compare=run-005")
    assert (code, error.startswith("error MODEL009: run-005 was trained at 48 px and run-001 at 32 px")) == (2, True)
    done = simulate(f"output_dir={output}", TWO, "compare=run-001")
    assert done.code == 2
    assert "compare is of python -m server.evaluate alone" in done.err
    assert not (runs / "run-006").exists()
