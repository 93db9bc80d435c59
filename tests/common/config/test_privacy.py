"""What the centre may learn: settings, and what of them travels to the hospitals."""

from dataclasses import replace

import pytest

from common.config.hydra import compose_settings
from common.config.privacy import NONE, SECAGG, PrivacyPlan
from common.errors import InputError
from common.protocol.plan import Plan, plan_of

MASKED = ["privacy=secagg"]


def test_without_privacy_the_plan_is_that_of_a_version_that_had_none():
    plan = plan_of(compose_settings([]))
    assert "privacy" not in plan.to_json()
    assert Plan.from_json(plan.to_json()) == plan
    assert (plan.privacy.name, plan.strategy.clip_to_median) == (NONE, 1.0)


def test_secagg_travels_with_the_hospitals_and_compares_nobody():
    plan = plan_of(compose_settings(MASKED))
    hospitals = ["aiims_delhi", "nimhans_bengaluru", "tata_memorial_mumbai"]
    assert plan.privacy == PrivacyPlan(SECAGG, 24, 2, hospitals)
    assert (plan.strategy.clip_to_median, plan.strategy.weight_to_median) == (0.0, 0.0)
    assert Plan.from_json(plan.to_json()) == plan
    assert plan_of(compose_settings([*MASKED, "privacy.threshold=3", "privacy.bits=16"])).privacy.threshold == 3


@pytest.mark.parametrize(
    ("privacy", "said"),
    [
        ('"hospitals": ["a", "b", "b"]', "each once"),
        ('"hospitals": ["a", "b"]', "3 to 20"),
        ('"hospitals": ["a", "b", 3]', "each once"),
        ('"hospitals": ["a", "b", "../c"]', "each once"),
        ('"threshold": 1', "more than half"),
        ('"threshold": 4', "more than half"),
        ('"bits": 8', "16, 24 or 32"),
        ('"name": "dp"', "none or secagg"),
    ],
)
def test_a_hospital_reads_them_strictly(privacy, said):
    text = plan_of(compose_settings(MASKED)).to_json()
    name = privacy.split(":", maxsplit=1)[0]
    before = text.index(name, text.index('"privacy"'))
    after = (
        text.index("]", before) + 1
        if "hospitals" in name
        else min(text.index(end, before) for end in (",", "}") if end in text[before:])
    )
    with pytest.raises(InputError, match=rf"CONF010.*{said}"):
        Plan.from_json(text[:before] + privacy + text[after:])


@pytest.mark.parametrize("asked", [{"control_variates": True}, {"keeps": "normalisation"}, {"keeps": "everything"}])
def test_a_hospital_trains_from_nothing_that_the_centre_could_choose_for_it_alone(asked):
    """With control variates of its own for each, a centre could make all updates but one come out as it knows them."""
    plan = plan_of(compose_settings([*MASKED, "train.optimiser=sgd", "train.momentum=0"]))
    made = replace(plan, strategy=replace(plan.strategy, **asked))
    with pytest.raises(InputError, match=r"CONF010: privacy=secagg cannot be; privacy takes none where hospitals"):
        Plan.from_json(made.to_json())
    plain = replace(made, privacy=PrivacyPlan())
    assert Plan.from_json(plain.to_json()) == plain


def test_settings_that_cannot_be_are_refused_in_one_sentence():
    with pytest.raises(InputError, match=r"CONF010: privacy\.bits=8 cannot be; privacy\.bits takes 16, 24 or 32\."):
        compose_settings([*MASKED, "privacy.bits=8"])
    with pytest.raises(InputError, match=r"CONF010: privacy=secagg cannot be; privacy takes none with strategy=krum"):
        compose_settings([*MASKED, "strategy=krum", "hospitals=[a,b,c,d,e]"])
