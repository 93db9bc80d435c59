"""What a run measures beside its test: every update everywhere, and the shared model trained on at each hospital."""

import json

import numpy as np
import pytest

NAMES = ["Phantom Jaipur", "Phantom Hyderabad", "Phantom Kolkata"]


@pytest.fixture
def output(tmp_path):
    return tmp_path / "results"


def meta_of(output, run="run-001"):
    return json.loads((output / "artifacts" / run / "model_meta.json").read_text())


def test_every_update_is_evaluated_everywhere_and_the_model_trained_on_at_home(simulate, output):
    plain = simulate(f"output_dir={output}", "in_service=false", "rounds=1")
    assert plain.code == 0, plain.err
    done = simulate(f"output_dir={output}", "in_service=false", "rounds=1", "cross_matrix=true", "fine_tune_rounds=2")
    assert done.code == 0, done.err
    before, after = meta_of(output), meta_of(output, "run-002")
    assert before["sha256"] == after["sha256"], "the model is the one that it would be without them"
    assert before["metrics"]["confusion_matrix"] == after["metrics"]["confusion_matrix"]
    assert before["cross_matrix"] is before["fine_tuned"] is None

    found = after["cross_matrix"]
    assert (found["models"], found["hospitals"], found["round"], found["reason"]) == (NAMES, NAMES, 1, None)
    cells, ends = np.array(found["test_accuracy"]), np.array(found["intervals"])
    assert cells.shape == (3, 3)
    assert ((ends[:, :, 0] <= cells) & (cells <= ends[:, :, 1])).all()
    own = after["metrics"]["per_hospital"]
    assert found["shared"]["test_accuracy"] == [own[name]["test_accuracy"] for name in NAMES]
    assert found["samples"] == [own[name]["n_test"] for name in NAMES]

    tuned = after["fine_tuned"]
    assert tuned["rounds"] == 2
    assert list(tuned["per_hospital"]) == NAMES
    assert tuned["n_test"] == sum(own[name]["n_test"] for name in NAMES)
    assert "fine-tuned" in done.out
    assert "update of" in done.out


def test_a_row_of_the_matrix_is_the_update_itself(simulate, output):
    """With one hospital in the mean, its update is the shared model, so both rows must be the same."""
    from common.artifacts.external.yardsticks import CrossMatrix
    from server.federation import federation

    seen: list[CrossMatrix] = []
    original = federation.cross_matrix

    def noted(rounds, store, progress, listener):
        keys = list(rounds.training.participants.names)
        seen.extend(store.updates(keys, [1] * len(keys)).read())
        return original(rounds, store, progress, listener)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(federation, "cross_matrix", noted)
        done = simulate(
            f"output_dir={output}", "in_service=false", "rounds=1", "cross_matrix=true", "keep_updates=true"
        )
    assert done.code == 0, done.err
    assert len(seen) == 3
    assert not np.array_equal(seen[0]["fc.weight"], seen[1]["fc.weight"]), "three models, not one thrice"


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (["cross_matrix=true", "privacy=secagg"], "nobody holds a single hospital's update"),
        (["cross_matrix=true", "strategy=local"], "shares no model"),
        (["fine_tune_rounds=1", "strategy=pooled"], "pools the slices"),
        (["fine_tune_rounds=1e23"], "fine_tune_rounds"),
        (["fine_tune_rounds=-1"], "0 to 1000"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_its_reason(simulate, output, overrides, says):
    done = simulate(f"output_dir={output}", *overrides)
    assert done.code == 2
    assert says in done.err
    assert done.err.count("\n") == 1
    assert not list(output.glob("artifacts/*"))
