from common.artifacts.words import POOLED, model_tested, no_shared_model, notice
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
