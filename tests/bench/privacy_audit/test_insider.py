"""The mechanism as it is stands up to the attack; a mechanism that is broken in one place does not.

Each test takes a part of the product's private training out and puts a faulty one in its place. What is claimed stays.
"""

import numpy as np
import pytest
import torch
from torch import nn

import bench.privacy_audit.insider as insider
import common.training.private.train as private_training
from bench.privacy_audit.canaries import judged, toss
from bench.privacy_audit.insider import Mechanism, Patients, insider_scores
from bench.privacy_audit.marked_network import SLICES, MarkedNetwork, marked_slices, own_weights
from common.config.dp import DpPlan
from common.config.settings import TrainPlan
from common.privacy.accountant import Spending, epsilon_of
from common.training.batches import Slices
from common.training.preprocess import normalise, to_batch
from common.training.private.clipped_sum import ClippedSum
from common.training.private.sampling import rate

DELTA, CANARIES = 1e-5, 250
MECHANISM = Mechanism(
    DpPlan(2.0, DELTA, 1.0, 1, 20, 0.0, 1),
    TrainPlan(optimiser="sgd", momentum=0.0, lr=0.1, softmax="plain", precision="float32"),
    rate=0.1,
    noise_multiplier=2.0,
    rounds=2,
)
CLAIMED = epsilon_of([Spending(MECHANISM.noise_multiplier, MECHANISM.rate, 40)], DELTA)


def shown(seed=0) -> float:
    """Return the lower bound on epsilon of a training of a linear network, with ten patients of two slices."""
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 4))
    chance = np.random.default_rng(seed)
    slices = Slices(chance.integers(0, 256, (20, 32, 32, 3), dtype=np.uint8), np.arange(20) % 4)
    patients = Patients(slices, np.arange(20), np.arange(20) // 2, 32)
    included = toss(CANARIES, seed)
    return judged(insider_scores(network, patients, MECHANISM, included, seed), included, DELTA, "").epsilon_lower_bound


def test_the_claim_of_the_mechanism_as_it_is_is_not_refuted():
    assert shown() < CLAIMED


def test_noise_left_out_is_caught(monkeypatch):
    monkeypatch.setattr(ClippedSum, "noised", lambda self, deviation, stream: self.sums)
    assert shown() > CLAIMED


def test_clipping_left_out_is_caught(monkeypatch):
    @torch.no_grad()
    def take(self):
        for total, weight in zip(self.sums, self._weights, strict=True):
            total.add_(weight.grad)
            weight.grad = None

    monkeypatch.setattr(ClippedSum, "take", take)
    assert shown() > CLAIMED


def test_slices_counted_as_patients_are_caught(monkeypatch):
    def by_slice(indices, numbers):
        return [np.array([index]) for index in indices]

    monkeypatch.setattr(insider, "units_of", by_slice)
    assert shown() > CLAIMED


def test_a_rate_that_is_understated_is_caught(monkeypatch):
    monkeypatch.setattr(private_training, "rate", lambda dp, units: 4 * rate(dp, units))
    assert shown() > CLAIMED


def test_noise_of_a_quarter_of_the_deviation_is_caught(monkeypatch):
    noised = ClippedSum.noised
    monkeypatch.setattr(ClippedSum, "noised", lambda self, deviation, stream: noised(self, deviation / 4, stream))
    assert shown() > CLAIMED


def test_each_canary_has_a_weight_of_its_own_and_moves_it_by_one_clip_when_it_is_drawn():
    network = nn.Linear(10, 4)
    own = own_weights(list(network.parameters()), 44, 0)
    assert len({(each.weight, each.place) for each in own}) == 44
    marked = MarkedNetwork(network, own, np.array([True, False] * 22), 0.5)
    total = ClippedSum(list(network.parameters()), 0.5)
    slices = marked_slices(44, 32)
    for canary in (0, 1, 43, 42):
        images = normalise(to_batch(slices.pixels[canary * SLICES : (canary + 1) * SLICES]))
        nn.functional.cross_entropy(marked(images), torch.zeros(SLICES, dtype=torch.int64)).backward()
        total.take()
    moved = torch.cat([each.reshape(-1) for each in total.sums])
    places = [own[canary].place + 40 * own[canary].weight for canary in (0, 42)]  # the others take no part
    assert torch.nonzero(moved).flatten().tolist() == sorted(places)
    assert moved[places].tolist() == pytest.approx([0.5, 0.5])
