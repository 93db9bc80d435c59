"""``train.on=all`` in the settings and in a plan: what travels, what earlier versions sent, and what is refused."""

import json

import pytest

from clients.policy.words import in_words
from common.config.hydra import compose_settings
from common.errors import InputError
from common.protocol.plan import Plan, plan_of

FINAL = ["train.on=all", "figures_of=run-003"]


def test_it_travels_and_the_name_of_the_recipe_does_not():
    text = plan_of(compose_settings(FINAL)).to_json()
    assert '"on": "all"' in text
    assert "run-003" not in text
    assert Plan.from_json(text).train.on == "all"


def test_without_it_the_plan_is_that_of_a_version_that_had_none():
    text = plan_of(compose_settings([])).to_json()
    assert '"on"' not in text
    assert Plan.from_json(text).train.on == "split"


def test_the_people_at_a_hospital_read_that_nothing_is_held_back():
    assert "every one of them trains and NONE is held back to test with" in in_words(plan_of(compose_settings(FINAL)))
    assert "15% to validate and 15% to test with" in in_words(plan_of(compose_settings([])))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p: p["train"].update(on="most"), r"train\.on=most cannot be; train\.on takes split or all"),
        (lambda p: p["strategy"].update(keeps="normalisation"), "whose hospitals share no whole model"),
        (lambda p: p.update(yardsticks={"cross_matrix": True, "fine_tune_rounds": 0}), "cross_matrix takes false"),
        (lambda p: p.update(yardsticks={"cross_matrix": False, "fine_tune_rounds": 1}), "fine_tune_rounds takes 0"),
    ],
)
def test_a_hospital_refuses_what_cannot_be(change, said):
    content = json.loads(plan_of(compose_settings(FINAL)).to_json())
    change(content)
    with pytest.raises(InputError, match=said):
        Plan.from_json(json.dumps(content))
