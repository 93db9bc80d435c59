"""A round's updates are compared with each other: what is longer than the median hospital's is shortened to it."""

from dataclasses import replace

import numpy as np
import pytest

from common.config.strategies import STRATEGIES, StrategyPlan, StrategySettings, strategy_plan
from common.protocol.postprocess import RoundUpdates, chain_of
from common.protocol.steps.clip import Clip
from tests.support.hospitals import PLAN

REFERENCE = {
    "fc.weight": np.zeros((2, 2), np.float32),
    "fc.bias": np.ones(2, np.float32),
    "bn.running_mean": np.zeros(2, np.float32),
    "bn.running_var": np.array([1.0, 4.0], np.float32),
    "bn.num_batches_tracked": np.array(7, np.int64),
}


def update(weight: float, bias: float = 0.0, mean: float = 0.0, variance: float = 1.0):
    """What was sent, moved by so much; the variance is multiplied."""
    return {
        "fc.weight": REFERENCE["fc.weight"] + np.float32(weight),
        "fc.bias": REFERENCE["fc.bias"] + np.float32(bias),
        "bn.running_mean": REFERENCE["bn.running_mean"] + np.float32(mean),
        "bn.running_var": REFERENCE["bn.running_var"] * np.float32(variance),
        "bn.num_batches_tracked": np.array(9, np.int64),
    }


def after(*models, times: float = 1.0):
    sent = RoundUpdates([f"h{n}" for n in range(len(models))], [4] * len(models), lambda: iter(models))
    return list(Clip(times).on_round(sent, REFERENCE).read())


def test_what_is_longer_than_the_median_is_shortened_to_it_and_the_rest_stays_as_it_is():
    short, middle, long = update(1.0), update(-2.0), update(50.0)
    found = after(short, middle, long)
    assert [model["fc.weight"][0, 0] for model in found] == [1.0, -2.0, 2.0]
    for name in REFERENCE:
        assert found[0][name] is short[name], "not even copied"
        assert found[1][name] is middle[name]


def counts(*lengths, samples=None):
    samples = samples or [4] * len(lengths)
    sent = RoundUpdates([f"h{n}" for n in range(len(lengths))], samples, lambda: map(update, lengths))
    return list(Clip(1.0).on_round(sent, REFERENCE).counts)


def test_what_is_far_longer_than_the_median_counts_nothing():
    assert counts(1, -1, 1, -3.1) == [4, 4, 4, 0]
    assert counts(1, -1, 1, -2.9) == [4, 4, 4, 4]
    assert counts(1, 50) == [], "of two nobody can say which is wrong"


def test_more_slices_are_more_steps_and_may_go_further():
    assert counts(1, 1, 1, 10, samples=[10, 10, 10, 40]) == [10, 10, 10, 40]
    assert counts(1, 1, 1, 13, samples=[10, 10, 10, 40]) == [10, 10, 10, 0]
    assert counts(1, 1, 1, 3.1, samples=[10, 10, 10, 2]) == [10, 10, 10, 0]


def test_it_may_be_longer_by_a_factor():
    assert [m["fc.weight"][0, 0] for m in after(update(1), update(-2), update(50), times=3)] == [1, -2, 6]


def test_the_length_of_one_tensor_cannot_go_into_another():
    honest = [update(10.0, 0.1), update(10.0, -0.1), update(12.0, 0.1)]
    found = after(*honest, update(0.0, 20.0))
    np.testing.assert_allclose(found[-1]["fc.bias"], 1.1, rtol=1e-6)


def test_a_variance_is_shortened_in_its_logarithm_and_stays_positive():
    honest = [update(1, variance=2.0), update(1, variance=0.5), update(1, variance=2.0)]
    huge, none = (after(*honest, update(1, variance=factor))[-1]["bn.running_var"] for factor in (1e6, 0.0))
    # the median of 2, 0.5, 2 and 1e6 times is 2, and honest ones are none and 4 times away from it
    assert (huge >= 2 * REFERENCE["bn.running_var"]).all()
    assert (huge <= 2 * REFERENCE["bn.running_var"] * 2).all()
    assert (none > 0.2 * REFERENCE["bn.running_var"]).all()


def test_wrong_statistics_do_not_stay_in_the_model():
    """Though the model that was sent holds them, from which the honest hospitals come back in every round."""
    sent = REFERENCE | {"bn.running_var": 9 * REFERENCE["bn.running_var"]}
    honest = [update(1, variance=factor) for factor in (0.9, 1.0, 1.1)]
    updates = RoundUpdates(list("abcd"), [4] * 4, lambda: iter([*honest, update(1, variance=81.0)]))
    wrong = list(Clip(1.0).on_round(updates, sent).read())[-1]["bn.running_var"]
    assert (wrong < 1.3 * REFERENCE["bn.running_var"]).all()


def test_a_mean_is_measured_in_standard_deviations():
    honest = [update(1, mean=0.1), update(1, mean=0.1), update(1, mean=-0.1)]
    wrong = update(1) | {"bn.running_mean": np.array([0.0, 999.0], np.float32)}
    shift = after(*honest, wrong)[-1]["bn.running_mean"] / np.sqrt(REFERENCE["bn.running_var"])
    assert np.abs(shift).max() < 0.4


def test_counters_are_left_alone():
    assert all(model["bn.num_batches_tracked"] == 9 for model in after(update(1), update(2), update(30)))


@pytest.mark.parametrize("count", [1, 2])
def test_with_fewer_than_three_nothing_is_clipped(count):
    models = [update(1.0), update(1e6)][:count]
    assert after(*models) == models


def test_nothing_travels_of_strategy_local():
    sent = RoundUpdates(["a", "b", "c"], [4, 4, 4], lambda: iter([{}, {}, {}]))
    assert list(Clip(1.0).on_round(sent, {}).read()) == [{}, {}, {}]


def test_who_changes_nothing_cannot_stop_the_others():
    found = after(update(1.0), update(1.0), update(0.0))
    assert [model["fc.weight"][0, 0] for model in found] == [1.0, 1.0, 0.0]


def test_it_may_be_read_again_with_the_same_bits():
    sent = RoundUpdates(["a", "b", "c"], [4, 4, 4], lambda: iter([update(0.1, 0.3), update(0.7), update(31.0, 7.0)]))
    clipped = Clip(1.0).on_round(sent, REFERENCE)
    for one, two in zip(clipped.read(), clipped.read(), strict=True):
        assert all(one[name].tobytes() == two[name].tobytes() for name in REFERENCE)


def test_it_is_in_the_chain_unless_the_setting_is_null():
    def steps(settings: StrategySettings) -> list[str]:
        return [step.name for step in chain_of(replace(PLAN, strategy=strategy_plan(settings))).steps]

    assert steps(StrategySettings()) == ["check", "clip", "weigh", "pack"]
    assert steps(StrategySettings(clip_to_median=None)) == ["check", "weigh", "pack"]
    assert Clip.of(replace(PLAN, strategy=StrategyPlan())) is None


def test_every_strategy_asks_for_it():
    for name in STRATEGIES:
        assert strategy_plan(StrategySettings(name=name, clip_to_median=2.0)).clip_to_median == 2.0
