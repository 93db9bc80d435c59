"""Between machines: a finished model goes to a hospital that did not train it, unless its policy forbids that."""

import json

import pytest

from tests.deployment.conftest import POLICY
from tests.deployment.harness import KEYS

TRAINED, NEW = KEYS[:2], KEYS[2]


@pytest.fixture(scope="module")
def made(shared):
    shared.stand()
    return shared


def evaluate(made, *overrides, name="evaluate"):
    places = ["--superlink", "--credentials", str(made.credentials), f"output_dir={made.folder}"]
    return made.start(name, "server.evaluate", "run-001", *places, "strategy.wait_seconds=20", *overrides)


def test_a_finished_model_is_evaluated_trained_on_and_compared_between_machines(made):
    overrides = made.overrides(rounds=1, keys=TRAINED)
    first = made.run(*overrides, "cross_matrix=true", "fine_tune_rounds=1")
    assert first.finish() == 0, first.text
    meta = made.read("model_meta")
    assert all(None not in row for row in meta["cross_matrix"]["test_accuracy"])
    assert len(meta["fine_tuned"]["per_hospital"]) == 2

    done = evaluate(made, f"hospitals=[{NEW},{TRAINED[0]}]")
    assert done.finish() == 0, done.text
    found = json.loads((made.folder / "artifacts" / "evaluation-001" / "evaluation_meta.json").read_text())
    assert [each["trained"] for each in found["hospitals"]] == [False, True]
    assert found["model_sha256"] == meta["sha256"]
    own = found["metrics"]["per_hospital"]["Phantom Jaipur"]["confusion_matrix"]
    assert own == meta["metrics"]["per_hospital"]["Phantom Jaipur"]["confusion_matrix"]
    assert found["engine"] == "superlink"

    again = made.run(*overrides, "init=run-001", name="warm")
    assert again.finish() == 0, again.text
    warm = made.read("model_meta", "run-002")
    assert warm["init"]["run"] == "run-001"
    assert made.history("run-002")[0]["bytes_down"] > 0, (
        "the first model does not follow from the seed, so it travelled"
    )
    assert not warm["missing_hospitals"]


def test_a_hospital_may_forbid_it(made):
    made.joined[NEW].stop()
    made.join(NEW, site=made.site(NEW, policy={**POLICY, "evaluation": False})).until("connected to the centre")
    refused = evaluate(made, f"hospitals=[{NEW}]", name="refused")
    assert refused.finish() == 1
    assert "POLICY001" in refused.text
    assert made.joined[NEW].stop() == 0, "for the tests that share it, it joins as before"
    assert "evaluation takes false here" in refused.text
    assert not (made.folder / "artifacts" / "evaluation-002" / "evaluation_meta.json").exists()
