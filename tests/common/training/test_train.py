"""Local training: reproducible to the bit, fair to every slice, and it learns."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from common.config.settings import AugmentPlan, DataPlan, TrainPlan
from common.data.prepare import prepare
from common.errors import Interrupted
from common.labels import CLASSES
from common.model.registry import build_model, initial_weights
from common.model.state import arrays_from_model, arrays_from_state, model_from_arrays
from common.training import train as module
from common.training.batches import Slices
from common.training.evaluate import evaluate
from common.training.optim import learning_rate, make_optimiser
from common.training.preprocess import normalise, to_batch
from common.training.train import RoundContext, train
from tests.support.slices import small_model, some_slices

ROOT = Path(__file__).resolve().parents[3]
STILL = AugmentPlan(
    flip=False, rotation_degrees=0, shift_fraction=0, scale_fraction=0, brightness=0, contrast=0, gamma=0
)
PLAN = TrainPlan(batch_size=8, lr=1e-3, local_epochs=2)
MOMENT = RoundContext(seed=42, hospital="aiims_delhi", server_round=2, rounds=5)
ALL = np.arange(24)


def weights_after(moment: RoundContext = MOMENT, plan: TrainPlan = PLAN):
    model = small_model()
    result = train(model, some_slices(), ALL, plan, moment)
    return arrays_from_model(model), result


def same(one, other) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in one)


def orders_of(monkeypatch, moment: RoundContext, plan: TrainPlan = PLAN, indices=ALL) -> list[list[int]]:
    """Return the order in which each epoch takes the slices."""
    orders = []
    deal = module.batches

    def spy(slices, order, *rest):
        orders.append(order.tolist())
        return deal(slices, order, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(module, "batches", spy)
        train(small_model(), some_slices(), indices, plan, moment)
    return orders


def test_one_seed_gives_the_same_bits_of_the_real_network(resnet18):
    results = []
    for _ in range(2):
        model = model_from_arrays("resnet18", arrays_from_state(initial_weights("resnet18", 1)), torch.device("cpu"))
        torch.rand(3)  # the global random state must not matter
        result = train(model, some_slices(), ALL, replace(PLAN, local_epochs=1), MOMENT)
        results.append((arrays_from_model(model), result.loss, result.accuracy))
    assert same(results[0][0], results[1][0])
    assert results[0][1:] == results[1][1:]


@pytest.mark.parametrize("change", [{"hospital": "nimhans"}, {"server_round": 3}, {"seed": 43}])
def test_another_hospital_round_or_seed_is_another_course(monkeypatch, change):
    other = replace(MOMENT, **change)
    assert orders_of(monkeypatch, MOMENT)[0] != orders_of(monkeypatch, other)[0]
    assert not same(weights_after()[0], weights_after(other)[0])


def test_augmentation_depends_on_the_hospital_too(monkeypatch):
    seen = {}

    def spy(images, settings, generator):
        seen.setdefault(hospital, torch.rand(4, generator=generator))
        return normalise(images)

    monkeypatch.setattr(module, "augment", spy)
    for hospital in ("a", "b"):
        weights_after(replace(MOMENT, hospital=hospital))
    assert not torch.equal(seen["a"], seen["b"])


def test_every_slice_is_seen_once_an_epoch_in_a_new_order(monkeypatch):
    indices = np.array([1, 4, 5, 9, 10, 11, 20])
    orders = orders_of(monkeypatch, MOMENT, replace(PLAN, local_epochs=3), indices)
    assert len(orders) == 3
    assert all(sorted(order) == indices.tolist() for order in orders)
    assert len({tuple(order) for order in orders}) == 3


def test_progress_is_told_before_each_step_and_may_stop_the_training():
    told = []

    def on_batch(done: int, total: int) -> None:
        told.append((done, total))
        if done == 4:
            raise Interrupted("RUN130", "The run was stopped.")

    with pytest.raises(Interrupted):
        train(small_model(), some_slices(), ALL, PLAN, MOMENT, on_batch)
    assert told == [(done, 6) for done in range(5)]


def test_the_result_counts_slices_and_steps_and_the_last_rate():
    _, result = weights_after()
    assert (result.samples, result.steps) == (24, 6)
    assert result.lr == learning_rate(PLAN, 1 + 5.5 / 6, 5)
    assert result.seconds > 0


def test_loss_and_accuracy_are_means_over_slices_not_over_batches():
    model = small_model()
    indices = np.arange(7)  # dealt as 4 and 3
    whole = evaluate(model, some_slices(), indices)
    plan = TrainPlan(batch_size=4, lr=1e-12, softmax="plain", precision="float32", augment=STILL)
    result = train(model, some_slices(), indices, plan, MOMENT)
    assert result.loss == pytest.approx(whole.loss_sum / 7, rel=1e-5)
    assert result.accuracy == pytest.approx(np.trace(whole.confusion) / 7)


def test_label_smoothing_spreads_the_target():
    model, slices = small_model(), some_slices()
    with torch.no_grad():
        logits = model(normalise(to_batch(slices.pixels)))
    logs = logits.log_softmax(1)
    truth = logs[torch.arange(24), torch.from_numpy(slices.labels)]
    expected = -(0.8 * truth + 0.2 * logs.mean(1)).mean().item()
    plan = TrainPlan(batch_size=24, lr=1e-12, label_smoothing=0.2, precision="float32", augment=STILL)
    assert train(model, slices, ALL, plan, MOMENT).loss == pytest.approx(expected, rel=1e-5)


def test_without_decay_the_optimiser_is_adam_to_the_bit():
    ours, theirs = small_model(), small_model()
    optimiser = make_optimiser(ours, TrainPlan(lr=1e-2))
    adam = torch.optim.Adam(theirs.parameters(), lr=1e-2, fused=True)
    images, labels = normalise(to_batch(some_slices().pixels)), torch.from_numpy(some_slices().labels)
    for _ in range(5):
        for model, each in ((ours, optimiser), (theirs, adam)):
            each.zero_grad()
            functional.cross_entropy(model(images), labels).backward()
            each.step()
    assert same(arrays_from_model(ours), arrays_from_model(theirs))


def test_weight_decay_leaves_biases_and_normalisation_alone():
    model = build_model()
    decayed = {
        id(parameter)
        for group in make_optimiser(model, TrainPlan(weight_decay=0.1)).param_groups
        for parameter in group["params"]
        if group["weight_decay"]
    }
    names = {name for name, parameter in model.named_parameters() if id(parameter) in decayed}
    assert "fc.weight" in names
    assert "conv1.weight" in names
    assert not [name for name in names if "bn" in name or name.endswith("bias")]


@pytest.mark.parametrize(("softmax", "unlearns"), [("plain", True), ("restricted", False), ("balanced", False)])
def test_a_hospital_does_not_unlearn_the_classes_that_only_others_hold(softmax, unlearns):
    slices = some_slices()
    held = np.flatnonzero(slices.labels != CLASSES.index("notumor"))
    model = small_model()
    before = model[2].bias[3].item()
    train(model, slices, held, TrainPlan(batch_size=6, lr=1e-2, softmax=softmax), MOMENT)
    assert (model[2].bias[3].item() != before) == unlearns


def test_balanced_softmax_is_cross_entropy_of_scores_plus_log_shares():
    slices = module.Slices(np.zeros((10, 32, 32, 3), np.uint8), np.array([0] * 7 + [1] * 2 + [3], dtype=np.int64))
    model = small_model()
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter)  # every score is zero, so that the shares alone decide
    result = train(model, slices, np.arange(10), TrainPlan(batch_size=10, softmax="balanced"), MOMENT)
    shares = np.array([0.7, 0.2, 0.1])
    assert result.loss == pytest.approx(-(shares * np.log(shares)).sum(), rel=1e-5)
    assert result.accuracy == pytest.approx(0.7)


def test_the_loss_falls_on_synthetic_slices(phantoms, tmp_path):
    prepared = prepare(phantoms / "dataset-1", {}, DataPlan(image_size=32), 42, tmp_path)
    slices = Slices(prepared.library.pixels, prepared.scan.labels)
    model = build_model().to(memory_format=torch.channels_last)
    model.load_state_dict(initial_weights("resnet18", 0))
    indices = prepared.split.train[::2]
    look = TrainPlan(batch_size=16, lr=1e-12, augment=STILL)
    before = train(model, slices, indices, look, MOMENT).loss
    result = train(model, slices, indices, TrainPlan(batch_size=16, lr=1e-3, local_epochs=6), MOMENT)
    after = train(model, slices, indices, look, MOMENT).loss
    assert np.isfinite(result.loss)
    assert after < 0.6 * before


WITHOUT_FEDERATION = """
import sys
from pathlib import Path

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"flwr", "ray", "hydra", "omegaconf"}:
            raise ImportError(f"{name} is not installed here")

sys.meta_path.insert(0, Absent())
import torch
torch.set_num_threads(1)
from common.training.batches import Slices
from common.training.evaluate import evaluate
from common.model.registry import build_model
from common.data.prepare import prepare
from common.config.settings import DataPlan, TrainPlan
from common.training.train import RoundContext, train

prepared = prepare(Path(sys.argv[1]), {}, DataPlan(image_size=32), 42, Path(sys.argv[2]))
slices, split = Slices(prepared.library.pixels, prepared.scan.labels), prepared.split
model = build_model().to(memory_format=torch.channels_last)
result = train(model, slices, split.train, TrainPlan(lr=1e-3), RoundContext(42, "alone", 1, 1))
figures = evaluate(model, slices, split.val)
assert result.steps > 0 and figures.samples == len(split.val)
assert not {"flwr", "ray", "hydra", "omegaconf"} & set(sys.modules)
print("trained")
"""


def test_common_trains_where_neither_flower_ray_nor_hydra_is_installed(phantoms, tmp_path):
    command = [sys.executable, "-c", WITHOUT_FEDERATION, str(phantoms / "dataset-1"), str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "trained"


def test_slices_can_be_dealt_into_more_steps():
    model = small_model()
    result = train(model, some_slices(), ALL, PLAN, MOMENT, steps=[5, 4])
    assert (result.steps, result.samples) == (9, 24)
    assert weights_after()[1].steps == 3 * PLAN.local_epochs


def test_plain_gradient_descent_is_pytorchs():
    """Three steps with momentum and weight decay, rate by rate, from the same gradients."""
    plan = TrainPlan(batch_size=8, optimiser="sgd", momentum=0.5, lr=0.1, weight_decay=0.01, precision="float32")
    trained = arrays_from_model((model := small_model(), train(model, some_slices(), ALL, plan, MOMENT))[0])
    by_hand = small_model()
    weights = dict(by_hand.named_parameters())
    velocity = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    steps = 0

    class ByHand:
        param_groups: tuple = ({"lr": 0.0},)

        def zero_grad(self, set_to_none: bool) -> None:
            by_hand.zero_grad(set_to_none=set_to_none)

        def step(self) -> None:
            nonlocal steps
            rate = learning_rate(plan, 1 + (steps + 0.5) / 3, 5)
            steps += 1
            with torch.no_grad():
                for name, weight in weights.items():
                    decay = plan.weight_decay if weight.ndim >= 2 else 0.0
                    velocity[name] = plan.momentum * velocity[name] + weight.grad + decay * weight
                    weight -= rate * velocity[name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "make_optimiser", lambda *_: ByHand())
        train(by_hand, some_slices(), ALL, plan, MOMENT)
    assert steps == 3
    for name, array in arrays_from_model(by_hand).items():
        np.testing.assert_allclose(trained[name], array, rtol=1e-4, atol=1e-6)


def test_a_hospital_of_few_slices_never_trains_on_one(monkeypatch):
    sizes = []
    original = module.batches

    def spy(*given):
        for images, labels in original(*given):
            sizes.append(len(labels))
            yield images, labels

    monkeypatch.setattr(module, "batches", spy)
    plan = TrainPlan(batch_size=2, lr=1e-3)
    for slices in (2, 3, 7, 9):
        train(small_model(), some_slices(), np.arange(slices), plan, MOMENT)
    assert min(sizes) >= 2
