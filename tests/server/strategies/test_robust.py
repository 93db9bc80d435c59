"""The robust operators against cases worked out by hand: one wrong hospital moves neither weights nor statistics."""

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord
from flwr.serverapp.strategy.multikrum import compute_distances

from common.config.strategies import StrategySettings
from tests.support.updates import strategy_of, updates_of

START = [0.0, 0.0]


def model(weights, variance: float = 1.0, counter: int = 3):
    return {
        "fc.weight": np.array(weights, np.float32),
        "bn.running_var": np.array([variance], np.float32),
        "bn.num_batches_tracked": np.array(counter, np.int64),
    }


def combine(settings: StrategySettings, *models, start=None):
    updates = updates_of(*((each, 10 * number) for number, each in enumerate(models, 1)))
    return strategy_of(settings).aggregate(1, updates, start or model(START))


def found(new) -> tuple[list[float], float, int]:
    return new["fc.weight"].tolist(), float(new["bn.running_var"][0]), int(new["bn.num_batches_tracked"])


MEDIAN = StrategySettings("fedmedian")
TRIMMED = StrategySettings("fedtrimmedavg", trim_fraction=0.34)
KRUM = StrategySettings("krum", malicious_hospitals=0)


def test_the_median_is_taken_weight_by_weight():
    new = combine(MEDIAN, model([1, 60], 5.0, 10), model([2, 50], 7.0, 12), model([9, 10], 0.5, 11))
    assert found(new) == ([2, 50], 5.0, 11)


def test_the_median_of_four_is_the_mean_of_the_middle_two_and_counters_stay_whole():
    new = combine(MEDIAN, *(model([w, 0], v, c) for w, v, c in ((1, 1, 10), (2, 2, 11), (4, 4, 12), (100, 100, 90))))
    assert found(new) == ([3, 0], 3.0, 12)  # 11.5, to a whole number
    assert new["bn.num_batches_tracked"].dtype == np.int64


def test_the_trimmed_mean_leaves_out_the_same_number_at_both_ends():
    """0.34 of five is one at each end; whole hospitals only."""
    models = [model([w, -w], v, c) for w, v, c in ((1, 1, 1), (2, 2, 2), (3, 3, 3), (7, 7, 9), (1000, 1e6, 10**6))]
    assert found(combine(TRIMMED, *models)) == ([4, -4], 4.0, 5)  # 14 / 3, to a whole number


def test_krum_takes_the_model_with_the_nearest_neighbour_whole_and_says_whose(caplog):
    """Of three, each has one neighbour; the second and third tie at a distance of 1, and the earlier is taken."""
    with caplog.at_level("INFO", "server"):
        new = combine(KRUM, model([0, 9], 9.0, 9), model([0, 1], 5.0, 5), model([0, 0], 6.0, 6))
    assert found(new) == ([0, 1], 5.0, 5)
    assert "round 1: krum takes the model of h1" in caplog.text


def test_krum_among_five_bears_one():
    """Each has two neighbours; squared distances to them 1 + 9, 1 + 4, 2.25 + 4, 2.25 + 12.25, and a million."""
    weights = [0.0, 1.0, 3.0, 4.5, 1000.0]
    new = combine(StrategySettings("krum", malicious_hospitals=1), *(model([w, 0]) for w in weights))
    assert new["fc.weight"][0] == 1.0


@pytest.mark.parametrize("settings", [MEDIAN, TRIMMED, KRUM], ids=lambda settings: settings.name)
def test_one_wrong_hospital_of_three_gets_in_by_no_door(settings):
    wrong = model([1e30, -1e30], 1e30, 10**12)
    new = combine(settings, model([1, 2], 1.0, 5), model([1.5, 2.5], 1.5, 7), wrong)
    weights, variance, counter = found(new)
    assert 1 <= weights[0] <= 1.5
    assert 2 <= weights[1] <= 2.5
    assert 1 <= variance <= 1.5
    assert 5 <= counter <= 7


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_krum_sees_small_steps_of_large_weights(seed, place):
    """Of whole models in float32 Flower's distances are nothing but rounding."""
    generator = np.random.default_rng(seed)
    start = model(generator.standard_normal(20_000) * 10)
    step = generator.standard_normal(20_000) * 1e-3
    steps = [step, step * 1.001]
    steps.insert(place, -step)
    models = [model(start["fc.weight"] + each) for each in steps]
    chosen = combine(KRUM, *models, start=start)["fc.weight"]
    assert not np.array_equal(chosen, models[place]["fc.weight"])
    rounded = compute_distances([ArrayRecord({"w": Array(each["fc.weight"])}) for each in models])
    assert not np.allclose(rounded, [[float(np.square(a - b).sum()) for b in steps] for a in steps], rtol=0.5)


def test_every_hospital_counts_the_same_whatever_its_slices():
    models = [(model([1, 0]), 1), (model([2, 0]), 10**6), (model([4, 0]), 1)]
    for settings in (MEDIAN, TRIMMED):
        assert strategy_of(settings).aggregate(1, updates_of(*models), model(START))["fc.weight"][0] == 2
