import pytest

from common.config.settings import DataPlan, TrainPlan
from common.training.progressive import pixels_at

FULL = DataPlan(image_size=224)


@pytest.mark.parametrize(
    ("share", "rounds", "expected"),
    [
        (0.5, 4, [96, 96, 224, 224]),
        (0.7, 3, [96, 96, 224]),
        (1.0, 3, [96, 96, 224]),  # the last round is always at full size
        (0.9, 1, [224]),
        (0.0, 2, [224, 224]),
    ],
)
def test_the_first_rounds_are_small_and_the_last_is_full(share, rounds, expected):
    plan = TrainPlan(small_pixels=96, small_share=share)
    assert [pixels_at(FULL, plan, number, rounds) for number in range(1, rounds + 1)] == expected


def test_without_a_small_size_every_round_is_full():
    assert pixels_at(FULL, TrainPlan(small_share=0.5), 1, 10) == 224
