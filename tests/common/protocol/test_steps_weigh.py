"""A hospital says itself how many slices it has, so none counts for much more than the median one."""

import numpy as np
import pytest

from common.protocol.steps.weigh import Weigh
from tests.support.updates import updates_of

REFERENCE = {"fc.weight": np.zeros(1, np.float32)}


def mean_of(*parts: tuple[float, int], times: float = 3.0) -> float:
    sent = updates_of(*(({"fc.weight": np.full(1, value, np.float32)}, samples) for value, samples in parts))
    return float(Weigh(times).on_round(sent, REFERENCE).weighted_mean(REFERENCE)["fc.weight"][0])


def test_who_claims_ten_million_slices_is_not_the_mean():
    honest = [(1.0, 500), (1.0, 600), (1.0, 550)]
    assert mean_of(*honest, (-1.0, 10**7), times=1000) < -0.9
    assert mean_of(*honest, (-1.0, 10**7)) == pytest.approx((1650 - 3 * 575) / (1650 + 3 * 575), abs=1e-6)


def test_what_is_within_the_limit_is_counted_as_it_is():
    sent = updates_of(*(({"fc.weight": np.ones(1, np.float32)}, samples) for samples in (1134, 570, 486)))
    assert Weigh(3.0).on_round(sent, REFERENCE) is sent


def test_of_two_nobody_can_say_which_is_too_large():
    assert mean_of((1.0, 10), (-1.0, 10**7)) < -0.9


def test_steps_and_rates_still_follow_the_slices():
    sent = updates_of(*(({"fc.weight": np.ones(1, np.float32)}, samples) for samples in (10, 10, 1000)))
    found = Weigh(3.0).on_round(sent, REFERENCE)
    assert list(found.samples) == [10, 10, 1000]
    assert list(found.weights) == [10, 10, 30]
