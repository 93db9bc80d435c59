"""Updates as whole numbers: the sum never overflows, and the mean is the plain one to half a step."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from common.config.dp import DpPlan
from common.config.settings import TrainPlan
from common.model.weights import weights_of
from common.protocol.bounds import reaches
from common.secagg.quantise import Quantiser
from common.secagg.refusal import SecureRefusal
from common.secagg.ring import add, packed, unpacked, zeros
from tests.support.secure import RATE, TRAIN, reference_of, session_of, update_of

BITS = (16, 24, 32)


def quantiser_of(count: int, bits: int, total: int, reference=None) -> Quantiser:
    session = replace(session_of(min(max(count, 3), 20)), bits=bits, total=total)
    return Quantiser.of(reference or reference_of(40), session, TRAIN, RATE)


def furthest(quantiser: Quantiser, sign: int):
    """The longest update that the bounds allow, or a statistic at its limit."""
    reach = reaches(quantiser.reference, TRAIN, [RATE] * 10)
    ends = {}
    for name, value in quantiser.reference.items():
        if name == "fc.weight":
            ends[name] = value.astype(np.float64) + sign * reach[name]
        elif name in reach:
            ends[name] = np.full(value.shape, sign * reach[name])
        else:
            ends[name] = value
    return ends


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 10**6), min_size=3, max_size=20),
    st.sampled_from(BITS),
    st.sampled_from([1, -1]),
)
def test_at_the_limits_the_sum_does_not_overflow(counts, bits, sign):
    quantiser = quantiser_of(len(counts), bits, sum(counts))
    total = zeros(quantiser.parts)
    for count in counts:
        add(
            total,
            unpacked(quantiser.parts, packed(quantiser.parts, quantiser.encode(furthest(quantiser, sign), count))),
        )
    who = [str(number) for number in range(len(counts))]
    mean = quantiser.decode(total, dict(zip(who, counts, strict=True)), dict.fromkeys(who, 10))
    expected = furthest(quantiser, sign)
    bound = quantiser.error(len(counts), sum(counts))
    np.testing.assert_allclose(mean["fc.weight"], expected["fc.weight"], rtol=3e-7, atol=bound * 1.001)
    for name in ("bn.running_mean", "bn.running_var"):
        np.testing.assert_allclose(mean[name], expected[name], rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 5000), min_size=3, max_size=8),
    st.sampled_from(BITS),
    st.integers(0, 10**6),
    st.data(),
)
def test_the_mean_of_whoever_is_left_is_the_plain_one_to_the_bound(counts, bits, seed, data):
    quantiser = quantiser_of(len(counts), bits, sum(counts))
    left = data.draw(st.lists(st.sampled_from(range(len(counts))), min_size=2, unique=True))
    updates = {number: update_of(quantiser.reference, seed + number) for number in left}
    total = zeros(quantiser.parts)
    for number in left:
        add(total, quantiser.encode(updates[number], counts[number]))
    samples = {str(number): counts[number] for number in left}
    everything = sum(samples.values())
    mean = quantiser.decode(total, samples, dict.fromkeys(samples, 10))
    plain = sum(updates[n]["fc.weight"].astype(float) * counts[n] for n in left) / everything
    bound = quantiser.error(len(left), everything)
    np.testing.assert_allclose(mean["fc.weight"], plain, rtol=3e-7, atol=bound * 1.001)


@pytest.mark.parametrize("bits", BITS)
def test_more_bits_are_finer_and_the_bound_is_reached_by_rounding_alone(bits):
    quantiser = quantiser_of(3, bits, 300)
    reach = reaches(quantiser.reference, TRAIN, [RATE] * 10)["fc.weight"]
    assert quantiser.error(3, 300) == pytest.approx(3 * reach / 2**bits, rel=2e-4)


def test_an_update_that_is_longer_than_the_bound_is_not_sent():
    quantiser = quantiser_of(3, 24, 300)
    long = furthest(quantiser, 1)
    long["fc.weight"] = long["fc.weight"] * 1.0
    long["fc.weight"][3] += 1.0
    with pytest.raises(SecureRefusal, match=r"SECAGG006.*fc\.weight"):
        quantiser.encode(long, 100)
    for wrong in (np.nan, np.inf):
        long["fc.weight"][3] = wrong
        with pytest.raises(SecureRefusal, match="SECAGG006"):
            quantiser.encode(long, 100)


def test_a_hospital_with_more_slices_than_the_centre_says_that_all_have_sends_nothing():
    quantiser = quantiser_of(3, 24, 300)
    with pytest.raises(SecureRefusal, match="SECAGG006"):
        quantiser.encode(quantiser.reference, 301)


@pytest.mark.parametrize("train", [TrainPlan(optimiser="sgd", lr=0.05), TrainPlan(weight_decay=0.1)])
def test_the_longest_way_is_that_of_the_bounds_for_every_optimiser(train):
    quantiser = Quantiser.of(reference_of(40), session_of(), train, train.lr)
    reach = reaches(quantiser.reference, train, [train.lr] * 10)["fc.weight"]
    assert quantiser.steps["fc.weight"] == pytest.approx(300 * reach / 2**23, rel=1e-5)


def test_counters_grow_by_the_steps_of_those_that_are_in_the_sum():
    quantiser = quantiser_of(3, 24, 300)
    mean = quantiser.decode(zeros(quantiser.parts), {"a": 100, "b": 200}, {"a": 10, "b": 20})
    assert mean["bn.num_batches_tracked"] == 5 + 17  # 16.7
    assert mean["bn.num_batches_tracked"].dtype == np.int64


DP = DpPlan(epsilon=8.0, delta=1e-5, clip=1.0, patients_per_step=32, steps=1, views=1)
NOISY = replace(session_of(3, 2), total=3, steps=1, noise=2.0)
SGD = TrainPlan(optimiser="sgd", momentum=0.0, lr=0.1)


def test_with_noise_sixteen_bits_are_far_finer_than_a_part_of_it():
    weights = weights_of(reference_of(1000))
    step = max(Quantiser.of(weights, replace(NOISY, bits=16), SGD, 0.1, DP).steps.values())
    part = 0.1 * 2.0 / math.sqrt(2) / 32
    assert 100 < part / step < 300
    plain = max(Quantiser.of(weights, replace(NOISY, bits=16, noise=0.0), SGD, 0.1).steps.values())
    assert plain > 20 * step, "the bound on any gradient is far wider than clip and noise"


def test_noise_that_the_rounding_would_swallow_is_refused():
    with pytest.raises(SecureRefusal, match=r"DP030: With 16 bits.*privacy\.bits=32"):
        Quantiser.of(weights_of(reference_of(40)), replace(NOISY, bits=16, noise=0.01), SGD, 0.1, DP)


def test_the_sum_of_rounded_gaussians_is_spread_as_the_gaussians_and_the_roundings_are():
    """Four steps in a deviation, the coarsest that is allowed: no lattice shows, wherever the gradients lie."""
    rng = np.random.default_rng(1)
    for gradients in ([0.0, 0.0], [0.5, 0.5], [0.25, 7.4]):
        total = sum(np.rint(rng.normal(each, 4.0, 400_000)) for each in gradients)
        assert total.mean() == pytest.approx(sum(gradients), abs=0.05)
        assert total.std() == pytest.approx(math.sqrt(2 * 16 + 2 / 12), rel=0.01)
