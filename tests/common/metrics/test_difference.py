"""The interval of a difference of two accuracies is Newcombe's."""

import pytest

from common.metrics.difference import difference_interval

# Newcombe 1998, table II, method 10
EXAMPLES = [
    ((56, 70), (48, 80), (0.0524, 0.3339)),
    ((9, 10), (3, 10), (0.1705, 0.8090)),
    ((10, 10), (0, 20), (0.6791, 1.0)),
]


@pytest.mark.parametrize(("one", "other", "ends"), EXAMPLES)
def test_it_is_that_of_the_paper(one, other, ends):
    assert difference_interval(one, other) == pytest.approx(ends, abs=1e-4)


def test_nothing_is_known_without_a_case():
    assert difference_interval((0, 0), (3, 4)) is None
    assert difference_interval((3, 4), (0, 0)) is None
