from common.artifacts.run_labels import POOLED, kind_json, model_tested, no_shared_model, notice
from common.config.strategies import EVERYTHING, NORMALISATION, NOTHING


def test_only_a_pooled_run_carries_the_notice():
    assert notice("pooled") == POOLED
    assert notice("fedavg") is None
    assert notice("local") is None


def test_a_shared_model_needs_no_excuse():
    assert no_shared_model(NOTHING) is None
    assert "each hospital trained alone" in str(no_shared_model(EVERYTHING))
    assert "own normalisation layers" in str(no_shared_model(NORMALISATION))


def test_which_model_was_tested():
    assert model_tested("fedavg", NOTHING, 7) == "fedavg, model of round 7"
    assert model_tested("fedbn", NORMALISATION, 7) == (
        "fedbn, model of round 7, each hospital with its own normalisation"
    )
    assert model_tested("local", EVERYTHING, 7) == "local, each hospital's own model of its own best round"


def test_what_a_runs_file_says_of_its_kind():
    assert kind_json("fedavg", NOTHING, "ab", {"A": 3}, 3) == {
        "pooled": False,
        "model_tested": "fedavg, model of round 3",
        "notice": None,
        "no_shared_model": None,
        "personal_models": None,
    }
    assert kind_json("pooled", NOTHING, "ab", {}, 3)["pooled"] is True
    own = kind_json("local", EVERYTHING, "ab", {"A": 3}, 3)
    assert own["personal_models"] == {"folder": "runs/ab", "best_epochs": {"A": 3}}
    assert own["no_shared_model"] == no_shared_model(EVERYTHING)
