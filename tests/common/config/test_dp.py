"""Differential privacy in the settings and in a plan: what travels, and what is refused on either side."""

import json
from dataclasses import replace

import pytest

from common.config.architectures import ARCHITECTURES
from common.config.dp import DpPlan
from common.config.hydra import compose_settings
from common.errors import InputError
from common.protocol.plan import Plan, plan_of


def private_plan(*more):
    return plan_of(compose_settings(["privacy=dp_sgd", *more]))


def test_what_travels_is_what_was_set():
    plan = private_plan("privacy.epsilon=3", "privacy.delta=1e-4", "privacy.steps=5", "privacy.views=2")
    assert plan.dp == DpPlan(3.0, 1e-4, 1.0, 32, 5, 0.0, 2)
    assert not plan.privacy.is_secure
    assert Plan.from_json(plan.to_json()) == plan


def test_without_it_the_plan_is_that_of_a_version_that_had_none():
    plan = plan_of(compose_settings([]))
    assert '"dp"' not in plan.to_json()
    assert '"part"' not in plan.to_json()
    assert Plan.from_json(plan.to_json()) == plan


def test_a_part_travels_with_and_without_privacy():
    assert '"part": "head"' in plan_of(compose_settings(["train.part=head"])).to_json()
    assert private_plan("train.part=head").train.part == "head"


def test_no_count_of_a_hospitals_slices_enters_its_loss():
    assert private_plan("train.softmax=balanced").train.softmax == "plain"


def test_shared_noise_takes_one_step_of_plain_gradient_descent():
    plan = plan_of(compose_settings(["privacy=dp_sgd_secagg"]))
    assert (plan.train.optimiser, plan.train.momentum, plan.train.lr) == ("sgd", 0, 0.1)
    assert (plan.dp.steps, plan.privacy.is_secure) == (1, True)
    assert Plan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["privacy.delta=null"], r"privacy\.delta=None cannot be.*epsilon says nothing without delta"),
        (["privacy.epsilon=null"], r"privacy\.epsilon=None cannot be"),
        (["privacy.delta=1"], r"privacy\.delta takes a probability above 0 and below 1"),
        (["privacy.delta=0"], r"privacy\.delta takes a probability above 0 and below 1"),
        (["privacy.clip=0"], r"privacy\.clip takes"),
        (["privacy.steps=0"], r"privacy\.steps takes a whole number from 1"),
        (["privacy.views=65"], r"privacy\.views takes a whole number from 1 to 64"),
        (["privacy=none", "privacy.epsilon=8"], r"privacy\.epsilon takes null with privacy=none"),
        (["strategy=pooled"], "in which no hospital has a budget"),
        (["strategy=local"], "no federation's epsilon is to be claimed"),
        (["strategy=fedbn"], "no federation's epsilon is to be claimed"),
        (["strategy=scaffold"], "a second mean of the gradients"),
        (["fine_tune_rounds=1"], "fine_tune_rounds takes 0 with dp_sgd"),
        (["privacy=dp_sgd_secagg", "train.optimiser=adam"], r"train\.optimiser takes sgd with dp_sgd_secagg"),
        (["privacy=dp_sgd_secagg", "train.momentum=0.9"], r"train\.momentum takes 0"),
        (["privacy=dp_sgd_secagg", "train.weight_decay=0.01"], r"train\.weight_decay takes 0"),
        (
            ["privacy=dp_sgd_secagg", "strategy=fedprox", "strategy.proximal_mu=0.1"],
            "in a single step its pull is none",
        ),
        (["privacy=dp_sgd_secagg", "strategy=krum"], "looks at each update"),
        (["privacy=dp_sgd_secagg", "privacy.steps=2"], r"privacy\.steps takes 1 with dp_sgd_secagg"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_one_sentence(overrides, said):
    with pytest.raises(InputError, match=f"CONF010: .*{said}"):
        compose_settings(["privacy=dp_sgd", *overrides])


@pytest.mark.parametrize("privacy", ["dp_sgd", "dp_sgd_secagg"])
def test_a_network_without_batch_normalisation_is_taken_unless_another_is_asked_for(privacy):
    assert compose_settings([f"privacy={privacy}"]).model.name == "resnet18_gn"
    for asked in (["model=resnet18", f"privacy={privacy}"], [f"privacy={privacy}", "model.name=resnet18"]):
        with pytest.raises(InputError, match="CONF010: model=resnet18 cannot be; model takes resnet18_gn with dp_sgd"):
            compose_settings(asked)


def test_batch_normalisation_is_refused_by_the_hospital_too(monkeypatch):
    text = private_plan().to_json()
    monkeypatch.setitem(ARCHITECTURES, "resnet18_gn", replace(ARCHITECTURES["resnet18_gn"], batch_norm=True))
    with pytest.raises(InputError, match="CONF010: model=resnet18_gn cannot be"):
        Plan.from_json(text)


@pytest.mark.parametrize(
    ("part", "value", "code"),
    [
        ("epsilon", 0, "CONF010"),
        ("epsilon", -1.0, "CONF010"),
        ("epsilon", float("nan"), "CONF010"),
        ("delta", 0, "CONF010"),
        ("delta", 1.0, "CONF010"),
        ("clip", 0, "CONF010"),
        ("clip", 1e9, "CONF010"),
        ("patients_per_step", 0, "CONF010"),
        ("patients_per_step", -32, "CONF010"),
        ("steps", 10**9, "CONF010"),
        ("noise", -1.0, "CONF010"),
        ("views", 10**6, "CONF010"),
        ("steps", True, "PLAN001"),
        ("views", "many", "PLAN001"),
        ("slices", 1, "PLAN001"),
    ],
)
def test_a_hospital_refuses_impossible_privacy(part, value, code):
    content = json.loads(private_plan().to_json())
    content["dp"][part] = value
    with pytest.raises(InputError) as caught:
        Plan.from_json(json.dumps(content))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("train", "softmax", "balanced"),
        ("strategy", "control_variates", True),
        ("strategy", "keeps", "everything"),
        ("strategy", "keeps", "normalisation"),
    ],
)
def test_a_hospital_refuses_what_would_tell_more_than_the_noisy_sum(part, name, value):
    content = json.loads(private_plan("train.optimiser=sgd", "train.momentum=0").to_json())
    content[part][name] = value
    with pytest.raises(InputError, match="CONF010"):
        Plan.from_json(json.dumps(content))


def test_a_hospital_refuses_to_train_on_without_noise():
    content = json.loads(private_plan().to_json()) | {"yardsticks": {"cross_matrix": False, "fine_tune_rounds": 1}}
    with pytest.raises(InputError, match="CONF010: fine_tune_rounds"):
        Plan.from_json(json.dumps(content))
