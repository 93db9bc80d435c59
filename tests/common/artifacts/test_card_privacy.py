"""What the model card says of privacy follows the run, and promises nothing that was not recorded."""

from common.artifacts.card import card_text
from common.artifacts.privacy import words
from common.artifacts.schema import to_json
from tests.common.artifacts.test_card import meta_of
from tests.support.run_files import private


def privacy_of_card(meta: dict) -> str:
    return card_text(meta).partition("### Privacy\n")[2].partition("\n## ")[0]


def test_a_run_with_differential_privacy_says_its_promise_and_its_limits():
    said = privacy_of_card(meta_of() | {"privacy": to_json(private("dp_sgd_secagg", stopped=2))})
    assert "epsilon at most 7.9 of 8 at every hospital (delta 1e-5)" in said
    assert "99.97 % of the time" in said
    assert "15.8 with all but one" in said
    assert "Phantom Kolkata stopped after 2 rounds of 4" in said
    assert "leave without noise" in said


def test_a_run_without_it_says_that_it_may_give_patients_away():
    assert words.NO_DP in privacy_of_card(meta_of() | {"privacy": {"name": "none"}})
    assert words.NOT_RECORDED in privacy_of_card({k: v for k, v in meta_of().items() if k != "privacy"})
