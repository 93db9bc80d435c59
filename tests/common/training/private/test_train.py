"""Training that one patient cannot change by more than the clip, and noise that hides as much."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from common.config.dp import DpPlan
from common.config.settings import AugmentPlan, TrainPlan
from common.model.registry import build_model
from common.privacy.stream import SecretStream
from common.training.batches import Slices
from common.training.gradients import proximal
from common.training.part import train_only
from common.training.preprocess import normalise, to_batch
from common.training.private.train import PrivateRound, train_privately
from common.training.train import RoundContext

STILL = AugmentPlan(False, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
# one step of length one: the weights move by minus the noisy gradient
STEP = TrainPlan(
    optimiser="sgd", momentum=0.0, lr=1.0, schedule="constant", softmax="plain", precision="float32", augment=STILL
)
CONTEXT = RoundContext(42, "aiims_delhi", 1, 10)
FOUR = [np.arange(4), np.arange(4, 5), np.arange(5, 8), np.arange(8, 10)]
KEY = bytes(range(32))


@pytest.fixture
def slices():
    draw = np.random.default_rng(5)
    return Slices(draw.integers(0, 256, (10, 8, 8, 3), dtype=np.uint8), np.arange(10) % 4)


@pytest.fixture
def model():
    torch.manual_seed(3)
    return nn.Sequential(nn.Flatten(), nn.Linear(192, 4))


def moved(model, slices, units, noise=0.0, clip=1.0, expected=4, plan=STEP, steps=1, key=KEY, views=1, correct=None):
    """How far training moves the weights, as one vector."""
    own = copy.deepcopy(model)
    dp = DpPlan(8.0, 1e-5, clip, expected, steps, 0.0, views)
    private = PrivateRound(dp, noise, steps, SecretStream(key))
    result = train_privately(own, slices, units, plan, CONTEXT, private, correct=correct(own) if correct else None)
    assert (result.loss, result.accuracy) == (None, None), "they would tell more than the update"
    assert (result.steps, result.samples) == (steps, sum(len(unit) for unit in units))
    pairs = zip(own.parameters(), model.parameters(), strict=True)
    return torch.cat([(after - before).detach().flatten() for after, before in pairs])


def gradient(model, slices, unit):
    """The plain gradient of a patient's mean loss."""
    own = copy.deepcopy(model)
    images = normalise(to_batch(slices.pixels[unit]))
    nn.functional.cross_entropy(own(images), torch.from_numpy(slices.labels[unit])).backward()
    return torch.cat([weight.grad.flatten() for weight in own.parameters()])


def test_a_patient_with_four_slices_moves_the_sum_by_at_most_the_clip(model, slices):
    clip = 0.01
    without, together = (moved(model, slices, units, clip=clip, expected=4) for units in (FOUR[1:], FOUR))
    assert float((4 * (together - without)).norm()) == pytest.approx(clip, rel=1e-4)
    as_slices = [*FOUR[1:], *np.split(FOUR[0], 4)]
    apart = moved(model, slices, as_slices, clip=clip, expected=7)
    assert float((7 * apart - 4 * without).norm()) > 1.5 * clip, "slices counted as patients move it further"


def test_the_step_is_the_sum_of_clipped_mean_gradients_by_hand(model, slices):
    each = [gradient(model, slices, unit) for unit in FOUR]
    clip = float(each[0].norm()) / 3  # cuts some of them
    by_hand = sum(one * min(1.0, clip / float(one.norm())) for one in each) / 4
    assert torch.allclose(moved(model, slices, FOUR, clip=clip), -by_hand, atol=1e-6)


def test_a_patient_with_more_slices_than_a_batch_has_one_gradient_all_the_same(model, slices):
    whole = [np.arange(10)]
    at_once = moved(model, slices, whole, clip=100.0, expected=1)
    in_pieces = moved(model, slices, whole, clip=100.0, expected=1, plan=TrainPlan(**{**vars(STEP), "batch_size": 3}))
    assert torch.allclose(at_once, in_pieces, atol=1e-6)


def test_the_denominator_does_not_depend_on_who_is_drawn(model, slices):
    """Ten expected of four patients: all come, and the sum is divided by ten."""
    four, ten = (moved(model, slices, FOUR, expected=expected) for expected in (4, 10))
    assert torch.allclose(4 * four, 10 * ten, atol=1e-5)


def test_the_noise_has_its_deviation_in_clips(slices):
    model = nn.Sequential(nn.Flatten(), nn.Linear(192, 4)), 0.5, 3.0
    network, clip, noise = model
    with torch.no_grad():
        network[1].weight.zero_()
    found = torch.stack(
        [
            moved(network, slices, FOUR, noise, clip, key=bytes([number] * 32))
            - moved(network, slices, FOUR, 0.0, clip, key=bytes([number] * 32))
            for number in range(30)
        ]
    )
    assert float(found.std()) == pytest.approx(noise * clip / 4, rel=0.02)
    assert abs(float(found.mean())) < 4 * noise * clip / 4 / math.sqrt(found.numel())


def test_an_empty_draw_adds_noise_all_the_same(model, slices):
    many = [np.array([0])] * 5000
    key = next(
        key
        for key in (bytes([number] * 32) for number in range(256))
        if not (SecretStream(key).derive("step", 0).derive("draw").uniform(5000) < 1 / 5000).any()
    )
    assert not moved(model, slices, many, 0.0, expected=1, key=key).any()
    assert float(moved(model, slices, many, 2.0, expected=1, key=key).std()) == pytest.approx(2.0, rel=0.1)


def test_the_same_stream_trains_the_same_model_and_another_one_another(model, slices):
    one, again, other = (moved(model, slices, FOUR, 1.0, expected=2, steps=3, key=key) for key in (KEY, KEY, bytes(32)))
    assert torch.equal(one, again)
    assert not torch.isclose(one, other).any()


def test_a_gradient_that_is_not_finite_adds_nothing(model, slices):
    with torch.no_grad():
        model[1].weight.fill_(float("inf"))
    own = copy.deepcopy(model)
    dp = DpPlan(8.0, 1e-5, 1.0, 4, 1, 0.0, 1)
    train_privately(own, slices, FOUR, STEP, CONTEXT, PrivateRound(dp, 0.0, 1, SecretStream(KEY)))
    assert torch.equal(own[1].bias, model[1].bias)


def test_views_are_means_over_augmented_copies(model, slices):
    """Of copies that are all alike the mean is the slice; of changed ones it is something else."""
    once, thrice = (moved(model, slices, FOUR, views=views) for views in (1, 3))
    assert torch.allclose(once, thrice, atol=1e-6)
    varied = TrainPlan(**{**vars(STEP), "augment": AugmentPlan()})
    assert not torch.allclose(once, moved(model, slices, FOUR, views=3, plan=varied), atol=1e-4)


def test_a_patients_augmentation_does_not_depend_on_who_else_is_drawn(model, slices):
    varied = TrainPlan(**{**vars(STEP), "augment": AugmentPlan()})
    three, four = (moved(model, slices, units, plan=varied, clip=1e-3) for units in (FOUR[:3], FOUR))
    assert float((4 * (four - three)).norm()) < 1.001e-3


def test_the_pull_towards_the_global_model_comes_after_the_noise(model, slices):
    """It sees the noisy weights alone, so it is not clipped; its first step is zero, the second is not."""
    plain = moved(model, slices, FOUR, 1.0, steps=2)
    pulled = moved(model, slices, FOUR, 1.0, steps=2, correct=lambda own: proximal(own, 0.5))
    first = moved(model, slices, FOUR, 1.0, steps=1)
    assert torch.allclose(plain - pulled, 0.5 * first, atol=1e-5)


def test_frozen_weights_are_bit_identical_and_the_others_carry_noise():
    torch.manual_seed(1)
    network = build_model("resnet18_gn")
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    train_only(network, "head")
    pixels = np.random.default_rng(1).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    dp = DpPlan(8.0, 1e-5, 1.0, 2, 2, 0.0, 1)
    private = PrivateRound(dp, 1.0, 2, SecretStream(KEY))
    plan = TrainPlan(softmax="plain", precision="float32", weight_decay=0.1)
    units = [np.array([0, 1]), np.array([2]), np.array([3])]
    train_privately(network, Slices(pixels, np.arange(4)), units, plan, CONTEXT, private)
    changed = {name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])}
    normal = {name for name, _ in network.named_parameters() if ".bn" in name or name.startswith("bn")}
    assert changed == normal | {"fc.weight", "fc.bias"} | {name for name in before if "downsample.1" in name}


def test_a_step_of_many_patients_can_be_ended_between_two_of_them(model, slices):
    """A hospital's policy limits the time, and a plan might draw everybody at once."""
    asked = []

    def stop(done, total):
        asked.append((done, total))
        if len(asked) == 3:
            raise TimeoutError

    dp = DpPlan(8.0, 1e-5, 1.0, 4, 1, 0.0, 1)
    private = PrivateRound(dp, 1.0, 1, SecretStream(KEY))
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(TimeoutError):
        train_privately(model, slices, FOUR, STEP, CONTEXT, private, stop)
    assert asked == [(0, 1)] * 3, "before the step, and before two of its four patients"
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_each_step_has_noise_of_its_own(model, slices):
    first = moved(model, slices, FOUR, noise=1e4, clip=1e-3)
    second = moved(model, slices, FOUR, noise=1e4, clip=1e-3, steps=2) - first
    assert float(first.std()) == pytest.approx(float(second.std()), rel=0.1)
    assert abs(float(torch.corrcoef(torch.stack((first, second)))[0, 1])) < 0.15, "one taken from the other leaves it"
