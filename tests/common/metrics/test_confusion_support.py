import pytest

from common.metrics.confusion import FEW_CASES, is_few


@pytest.mark.parametrize(("cases", "few"), [(0, True), (19, True), (20, False), (None, False)])
def test_fewer_than_twenty_are_few(cases, few):
    assert FEW_CASES == 20
    assert is_few(cases) == few
