"""Which patients a step draws."""

import numpy as np

from common.config.dp import DpPlan
from common.privacy.stream import SecretStream
from common.training.private.sampling import drawn, rate, units_of

STREAM = SecretStream(bytes(32))


def test_the_rate_is_what_a_step_expects_of_all_patients_and_at_most_one():
    dp = DpPlan(8.0, 1e-5, 1.0, 32, 4, 0.0, 1)
    assert (rate(dp, 320), rate(dp, 32), rate(dp, 7)) == (0.1, 1.0, 1.0)


def test_each_patient_is_drawn_by_itself_with_that_probability():
    """Of 1,000 patients at 0.1, Poisson sampling draws 100 on average, with a variance of 90; a fixed size has none."""
    steps = [drawn(1000, 0.1, STREAM.derive(step)) for step in range(1000)]
    sizes = np.array([len(step) for step in steps])
    assert abs(sizes.mean() - 100) < 4 * (90 / 1000) ** 0.5
    assert 80 < sizes.var() < 101
    often = np.bincount(np.concatenate(steps), minlength=1000)
    assert 50 < often.min() < often.max() < 150


def test_everybody_is_drawn_at_one_and_a_draw_may_be_empty():
    assert drawn(5, 1.0, STREAM) == [0, 1, 2, 3, 4]
    assert any(not drawn(5, 0.1, STREAM.derive(step)) for step in range(20))


def test_a_patients_slices_are_one_unit():
    numbers = np.array([7, 3, 7, 9, 3, 3])
    found = units_of(np.array([0, 1, 2, 4]), numbers)
    assert [sorted(unit.tolist()) for unit in found] == [[1, 4], [0, 2]]
