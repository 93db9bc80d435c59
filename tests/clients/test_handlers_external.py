"""At a hospital: a model that it did not train is evaluated on every slice, and nothing but that model."""

from dataclasses import replace

import numpy as np
import pytest
from flwr.app import MessageType

from clients import handlers
from clients.kept_model import received
from clients.policy.diary import Diary
from clients.policy.gate import Asked, admit
from clients.policy.limits import Policy
from clients.policy.words import in_words
from common.config.external import EvaluationPlan, YardstickPlan
from common.errors import InputError
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.protocol.codec import pack
from common.protocol.description import Description
from common.protocol.digest import digest_of
from common.protocol.messages import LocalStateRef, read_task, task_records
from common.protocol.plan import Plan
from tests.support.sites import PLAN, sites_of, task_of

TOKEN = "cd" * 16


@pytest.fixture(scope="module")
def arrays(small):
    return arrays_from_state(initial_weights("resnet18", 1))


@pytest.fixture(scope="module")
def small():
    from tests.support.small_network import in_place_of_resnet18

    with in_place_of_resnet18():
        yield


@pytest.fixture(scope="module")
def plan(arrays):
    limited = replace(PLAN.data, max_per_class=9)
    return replace(PLAN, data=limited, evaluation=EvaluationPlan(digest_of(arrays), TOKEN, ["phantom_hyderabad"]))


@pytest.fixture(scope="module")
def sites(phantoms, tmp_path_factory):
    return sites_of(phantoms, tmp_path_factory.mktemp("cache"))


def test_every_slice_of_a_stranger_is_tested_and_of_a_trainer_those_held_back(sites, plan, arrays):
    stranger, trainer = sites[0], sites[1]
    said = handlers.describe(stranger, plan)
    assert (said.train_idx, said.val_idx) == ([], [])
    assert len(said.test_idx) == said.numbers["total_samples"]
    folded = replace(plan, data=replace(plan.data, folds=3, fold=2))
    assert len(handlers.describe(stranger, folded).test_idx) == said.numbers["total_samples"]
    known = handlers.describe(trainer, plan)
    assert known.test_idx == handlers.describe(trainer, replace(plan, evaluation=EvaluationPlan())).test_idx
    result = handlers.evaluate(stranger, task_of(plan, 1, arrays, split="test"))
    assert result.samples == len(said.test_idx)
    assert result.confusion.sum(axis=1).tolist() == said.held("test")


def test_the_centre_reads_such_a_description_only_where_nothing_is_trained(sites, plan):
    text = handlers.describe(sites[0], plan).to_json()
    assert Description.from_json(text, trains=False).train_samples == 0
    with pytest.raises(ValueError, match="training slices"):
        Description.from_json(text)


def test_the_plan_travels_and_old_plans_are_as_they_were(plan):
    assert Plan.from_json(plan.to_json()) == plan
    assert "evaluation" not in PLAN.to_json()
    with pytest.raises(InputError, match="CONF010"):
        Plan.from_json(replace(plan, evaluation=EvaluationPlan("short")).to_json())
    with pytest.raises(InputError, match="CONF010"):
        Plan.from_json(replace(plan, evaluation=EvaluationPlan("ab" * 32, "", [{}] * 3)).to_json())


def test_no_other_model_is_evaluated_and_none_is_trained(sites, plan, arrays):
    other = {name: np.zeros_like(value) for name, value in arrays.items()}
    assert received(sites[0], task_of(plan, 1, arrays, split="test"))
    with pytest.raises(InputError, match=r"PLAN006.*its plan is to evaluate"):
        received(sites[0], task_of(plan, 1, other, split="test"))
    records = task_records(task_of(plan, 1, arrays), pack(arrays), {})
    with pytest.raises(InputError, match="PLAN003"):
        read_task(records, evaluates=False)
    records = task_records(task_of(plan, 1, arrays, split="val"), pack(arrays), {})
    with pytest.raises(InputError, match="PLAN005"):
        read_task(records, evaluates=True)


def test_a_hospital_that_took_part_is_not_taken_for_a_stranger(sites, plan, tmp_path):
    site = replace(sites[0], policy=Policy(), cache_dir=tmp_path)
    admit(site, Asked(MessageType.EVALUATE, 2, plan))
    Diary(tmp_path, site.hospital.key).pin(1, "another plan", TOKEN)
    with pytest.raises(InputError, match="POLICY010"):
        admit(site, Asked(MessageType.EVALUATE, 3, plan))


@pytest.fixture(scope="module")
def other(small):
    return arrays_from_state(initial_weights("resnet18", 2))


@pytest.fixture(scope="module")
def beside(plan, other):
    return replace(plan, evaluation=replace(plan.evaluation, reference=digest_of(other), reference_run="ef" * 16))


def test_two_models_judge_the_same_slices_and_each_as_if_it_were_alone(sites, plan, beside, arrays, other):
    records = task_records(task_of(beside, 1, arrays, split="test", reference=pack(other)), pack(arrays), {})
    task = received(sites[0], read_task(records, evaluates=True))
    result = handlers.evaluate(sites[0], task)
    alone = handlers.evaluate(sites[0], replace(task, reference={}))
    second = handlers.evaluate(sites[0], replace(task, arrays=other, reference={}))
    assert result.confusion.tolist() == alone.confusion.tolist()
    assert alone.cases.paired is None
    paired = result.cases.paired
    assert paired.slices[:, 0, 1].sum() + paired.slices[:, 1, 0].sum() > 0, "else nothing was compared"
    assert paired.reference_confusion.tolist() == second.confusion.tolist()
    assert paired.slices.sum(axis=2)[:, 0].tolist() == np.diagonal(alone.confusion).tolist()
    assert paired.patients.sum(axis=1)[:, 0].tolist() == np.diagonal(second.cases.patient_confusion).tolist()


def test_no_model_is_compared_with_but_the_one_that_the_plan_names(sites, plan, beside, arrays, other):
    for agreed, sent in ((beside, {}), (beside, arrays), (plan, other)):
        with pytest.raises(InputError, match=r"PLAN006.*to compare with"):
            received(sites[0], task_of(agreed, 1, arrays, split="test", reference=sent))
    with pytest.raises(InputError, match=r"PLAN006.*to compare with"):
        received(sites[0], task_of(beside, 1, arrays, split="test", reference={"x": np.zeros(3, np.float32)}))
    with pytest.raises(InputError, match=r"CONF010.*evaluation\.reference"):
        Plan.from_json(replace(PLAN, evaluation=EvaluationPlan(reference="ab" * 32)).to_json())
    assert Plan.from_json(beside.to_json()) == beside


def test_a_kept_models_digest_is_no_way_around_the_plan(sites, plan, other, tmp_path):
    site, token = replace(sites[0], cache_dir=tmp_path), LocalStateRef("12" * 16)
    with pytest.raises(InputError, match=r"PLAN006.*its plan is to evaluate"):
        received(site, task_of(plan, 1, other, token, split="test", model=digest_of(other)))


def test_a_hospital_that_trained_the_other_model_is_no_stranger(sites, beside, tmp_path):
    site = replace(sites[0], policy=Policy(), cache_dir=tmp_path)
    Diary(tmp_path, site.hospital.key).pin(1, "another plan", "ef" * 16)
    with pytest.raises(InputError, match="POLICY010"):
        admit(site, Asked(MessageType.EVALUATE, 3, beside))
    assert f"beside model {beside.evaluation.reference[:12]}" in in_words(beside)


def test_fine_tuning_is_done_where_the_plan_asks_for_it_alone(sites, arrays):
    task = task_of(replace(PLAN, yardsticks=YardstickPlan(fine_tune_rounds=1)), 1, arrays, split="test")
    first, again = handlers.fine_tuned(sites[1], task), handlers.fine_tuned(sites[1], task)
    assert first.samples == len(handlers.describe(sites[1], PLAN).test_idx)
    assert first.loss_sum == again.loss_sum, "one seed, one result"
    assert first.loss_sum != handlers.evaluate(sites[1], replace(task, plan=PLAN)).loss_sum
    with pytest.raises(InputError, match="PLAN003"):
        handlers.fine_tuned(sites[1], replace(task, plan=PLAN))
