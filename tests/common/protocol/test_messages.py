"""What one side writes is what the other reads, and what cannot be is refused in a clause."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from common.config.dp import DpPlan
from common.metrics.evaluation import Spent, TrainResult
from common.metrics.intervals import Resampling, resample
from common.protocol import names
from common.protocol.codec import pack
from common.protocol.messages import (
    ExtraPayload,
    LocalStateRef,
    Task,
    evaluation_record,
    read_evaluation,
    read_task,
    read_training,
    spent_record,
    task_records,
    training_record,
)
from common.protocol.postprocess import UnusableAnswer
from common.training.evaluate import tally
from tests.support.hospitals import PLAN, start_arrays

LOGITS = torch.from_numpy(np.random.default_rng(0).normal(size=(30, 4)))
LABELS = torch.arange(30) % 4
RESULT = TrainResult(12, 3, 0.5, 0.75, 1e-3, 0.25)


def evaluation(true: list[int], predicted: list[int], resampling: Resampling | None = None) -> dict:
    result = tally(2 * torch.eye(4)[predicted], torch.tensor(true), 1.0, resampling)
    return dict(evaluation_record(result))


def problem_of(numbers: dict, replicates: int = 0) -> str:
    with pytest.raises(UnusableAnswer) as caught:
        read_evaluation({names.METRICS: numbers}, replicates)
    return str(caught.value)


@pytest.mark.parametrize(
    "task",
    [
        Task(PLAN, 3, start_arrays(), 2),
        Task(PLAN, 3, start_arrays(), 2, ExtraPayload(LocalStateRef("ab" * 16, 2, 1), start_arrays())),
        Task(PLAN, 1, start_arrays(), 0, pool=("a", "b")),
        Task(PLAN, 1, start_arrays(), 0, split="test", temperature=1.5),
    ],
    ids=["training", "with a payload", "pooled", "a test"],
)
def test_a_task_arrives_as_it_was_sent(task):
    records = task_records(task, pack(task.arrays), pack(task.extra.global_control))
    read = read_task(records)
    for ours, theirs in ((task.arrays, read.arrays), (task.extra.global_control, read.extra.global_control)):
        assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
        assert list(ours) == list(theirs)
    without = {"arrays": {}, "extra": ExtraPayload(task.extra.local)}
    assert replace(read, **without) == replace(task, **without)


def test_the_figures_of_a_training_arrive_as_they_were_sent():
    records = {names.ARRAYS: {}, names.METRICS: training_record(RESULT)}
    assert read_training(records, 12) == RESULT


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: m.pop("loss"), "cannot be read"),
        (lambda m: m.pop(names.SAMPLES), "cannot be read"),
        (lambda m: m.update(lr="fast"), "cannot be read"),
        (lambda m: m.update(seconds=float("inf")), "cannot be read"),
        (lambda m: m.update(steps=float("nan")), "cannot be read"),
        (lambda m: m.update({names.SAMPLES: 0}), "it trained on no slice"),
        (lambda m: m.update({names.SAMPLES: 10**9}), "1,000,000,000"),
        (lambda m: m.update({"loss": float("nan")}), "not finite"),
    ],
)
def test_figures_of_a_training_that_cannot_be_are_refused(change, says):
    numbers = dict(training_record(RESULT))
    change(numbers)
    with pytest.raises(UnusableAnswer, match=says):
        read_training({names.ARRAYS: {}, names.METRICS: numbers}, 12)


COSTS = ("epsilon", "epsilon-one-colluding", "epsilon-all-but-one")
DP = DpPlan(epsilon=8.0, delta=1e-5, clip=1.0, patients_per_step=32, steps=16, views=1)
PRIVATE = replace(RESULT, loss=None, accuracy=None, spent=Spent(1.1, 3.0, 4.0, 7.5))


def test_what_a_training_has_cost_arrives_and_its_loss_is_not_even_taken():
    records = {names.ARRAYS: {}, names.METRICS: training_record(PRIVATE), names.SPENT: spent_record(PRIVATE)}
    assert read_training(records, 12, DP) == PRIVATE
    told = {**records[names.METRICS], "loss": 0.1, "accuracy": 0.9}
    assert read_training({**records, names.METRICS: told}, 12, DP) == PRIVATE
    assert spent_record(RESULT) is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda spent: spent.clear(), "does not say what this training has cost"),
        (lambda spent: spent.update({"epsilon": float("nan")}), "does not say"),
        (lambda spent: spent.update({"epsilon": -1.0}), "does not say"),
        (lambda spent: spent.update({"epsilon-all-but-one": float("inf")}), "does not say"),
        (lambda spent: spent.update({"noise-multiplier": 0.0}), "does not say"),
        (lambda spent: spent.update({"noise-multiplier": "much"}), "does not say"),
        (lambda spent: spent.update({"epsilon": 5.0}), "see less than the centre alone"),
        (lambda spent: spent.update(dict.fromkeys(COSTS, 9.0)), "an epsilon of 9, and the plan's budget is 8"),
    ],
)
def test_a_cost_that_cannot_be_is_refused(change, says):
    spent = dict(spent_record(PRIVATE))
    change(spent)
    records = {names.ARRAYS: {}, names.METRICS: training_record(PRIVATE), names.SPENT: spent}
    with pytest.raises(UnusableAnswer, match=says):
        read_training(records, 12, DP)


@pytest.mark.parametrize("missing", [names.ARRAYS, names.METRICS])
def test_an_answer_without_a_model(missing):
    records = {names.ARRAYS: {}, names.METRICS: training_record(RESULT)}
    del records[missing]
    with pytest.raises(UnusableAnswer, match="the answer holds no model"):
        read_training(records, 12)


@pytest.mark.parametrize("drawn", [True, False])
def test_an_evaluation_arrives_as_it_was_sent(drawn):
    result = tally(LOGITS, LABELS, 1.5, Resampling(np.arange(30) // 3, 7) if drawn else None)
    numbers = evaluation_record(result)
    assert all(type(one) in (int, float) for value in numbers.values() for one in np.atleast_1d(value).tolist())
    read = read_evaluation({names.METRICS: numbers}, 1000 if drawn else 0)
    for field in fields(result):
        np.testing.assert_array_equal(getattr(read, field.name), getattr(result, field.name))


@pytest.mark.parametrize("key", ["nll", "replicates", "calibrated-bins", "groups"])
def test_what_is_missing_or_of_another_length_is_refused(key):
    numbers = dict(evaluation_record(tally(LOGITS, LABELS, 1.0, Resampling(np.arange(30), 7))))
    assert "cannot be read" in problem_of({name: value for name, value in numbers.items() if name != key}, 1000)
    if key != "groups":
        assert "cannot be read" in problem_of(numbers | {key: numbers[key][:-1]}, 1000)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: m.pop("confusion"), "cannot be read"),
        (lambda m: m.update(confusion=[1, 2]), "cannot be read"),
        (lambda m: m.update(bins=[-1.0, 0.0, 0.0]), "cannot be read"),
        (lambda m: m.update({names.SAMPLES: 7}), "do not add up"),
        (lambda m: m.update(confusion=[-1, 4, *[0] * 14]), "do not add up"),
        (lambda m: m.update({"loss-sum": float("inf")}), "not a finite"),
        (lambda m: m.update(nll=[-1.0] * 129), "not a finite"),
        (lambda m: m.pop("nll"), "cannot be read"),
        (lambda m: m.update(nll=[1.0] * 128), "cannot be read"),
        (lambda m: m.update(bins=[*[0.0] * 27, 2.0, 1.9, 2.0]), "by confidence"),
        (lambda m: m.update({"calibrated-bins": [*[0.0] * 27, 3.0, 2.7, 3.0]}), "by confidence"),
        (lambda m: m.update(replicates=[0] * 16), "cannot be read"),
    ],
)
def test_an_evaluation_that_cannot_be_is_refused(change, says):
    numbers = evaluation([0, 1, 2], [0, 1, 3])
    change(numbers)
    assert says in problem_of(numbers)


def test_the_draws_of_a_test_are_read_as_they_were_written():
    numbers = evaluation([0, 1, 2], [0, 1, 3], Resampling(np.arange(3), 1))
    result = read_evaluation({names.METRICS: numbers}, 1000)
    assert result.replicates.shape == (1000, 4, 4)
    assert result.groups == 3
    assert set(result.replicates.sum(axis=(1, 2))) == {3}
    assert "cannot be read" in problem_of(numbers, 500)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(replicates=[-1, *m["replicates"][1:]]),
        lambda m: m.update(replicates=[0, 1, *m["replicates"][2:]]),  # nobody called a glioma a meningioma
        lambda m: m.update(replicates=[2 * n for n in m["replicates"]]),
        lambda m: m.update(groups=4),
        lambda m: m.update(groups=-1),
    ],
    ids=["negative", "a cell that is empty", "twice as large", "more groups than slices", "negative groups"],
)
def test_draws_that_cannot_come_from_the_counts_are_refused(change):
    numbers = evaluation([0, 1, 2], [0, 1, 3], Resampling(np.arange(3), 1))
    change(numbers)
    assert "bootstrap" in problem_of(numbers, 1000)


def test_draws_of_groups_of_unequal_size_are_not_refused():
    chance = np.random.default_rng(0)
    for seed in range(20):
        group = np.sort(chance.integers(0, 12, 60))
        true = chance.integers(0, 4, 60)
        drawn = resample(true, true, Resampling(group, seed))
        numbers = evaluation(true.tolist(), true.tolist(), Resampling(np.arange(60), 1))
        read_evaluation({names.METRICS: numbers | {"replicates": drawn.ravel().tolist()}}, 1000)
