import json

import pytest

from common.config.hydra import compose_settings
from common.errors import InputError
from common.protocol.plan import Plan, plan_of


@pytest.fixture
def plan():
    return plan_of(compose_settings(["data.root=/secret/place", "rounds=3"]))


def test_a_plan_survives_the_journey(plan):
    assert Plan.from_json(plan.to_json()) == plan


def test_where_the_data_lies_does_not_travel(plan):
    assert "secret" not in plan.to_json()
    assert "cache" not in plan.to_json()


def test_a_setting_that_earlier_versions_lacked_is_left_out_where_it_does_nothing(plan):
    assert "slice_step" not in plan.to_json()
    every_third = plan_of(compose_settings(["data.slice_step=3"]))
    assert '"slice_step": 3' in every_third.to_json()
    assert Plan.from_json(every_third.to_json()).data.slice_step == 3
    assert "fold" not in plan.to_json()
    third = plan_of(compose_settings(["data.folds=5", "data.fold=3"]))
    assert Plan.from_json(third.to_json()).data == third.data


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda p: p.update(privacy=1), "PLAN001"),
        (lambda p: p["train"].pop("lr"), "PLAN001"),
        (lambda p: p["train"].update(lr="fast"), "PLAN001"),
        (lambda p: p["data"].update(group_split=1), "PLAN001"),
        (lambda p: p["train"].update(batch_size=True), "PLAN001"),
        (lambda p: p.update(classes=["a"]), "PLAN002"),
        (lambda p: p["train"].update(lr=-1.0), "CONF010"),
        (lambda p: p["data"].update(image_size=100000), "CONF010"),
        (lambda p: p["data"].update(slice_step=0), "CONF010"),
        (lambda p: p["data"].update(folds=2), "CONF010"),
        (lambda p: p["data"].update(folds=5, fold=6), "CONF010"),
        (lambda p: p["data"].update(fold=2), "CONF010"),
        (lambda p: p["data"].update(folds=5, val_fraction=0.95), "CONF010"),
        (lambda p: p["strategy"].update(proximal_mu=-1.0), "CONF010"),
        (lambda p: p["strategy"].update(keeps="secrets"), "CONF010"),
        (lambda p: p["model"].update(name="resnet152"), "CONF010"),
    ],
)
def test_a_hospital_refuses_what_it_does_not_understand(plan, change, code):
    content = json.loads(plan.to_json())
    change(content)
    with pytest.raises(InputError) as caught:
        Plan.from_json(json.dumps(content))
    assert caught.value.code == code


@pytest.mark.parametrize(("strategy", "softmax"), [("local", "plain"), ("fedbn", "balanced"), ("pooled", "balanced")])
def test_a_hospital_alone_is_not_handicapped_by_what_a_federation_needs(strategy, softmax):
    assert plan_of(compose_settings([f"strategy={strategy}"])).train.softmax == softmax
