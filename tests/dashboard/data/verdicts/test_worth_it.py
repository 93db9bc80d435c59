from __future__ import annotations

import pytest

from dashboard.data.verdicts import worth_it
from tests.support.studies import done, study
from tests.support.studies import worth_it as three_seeds


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (three_seeds().cells, "Worth it. Every hospital gains from the shared model (10.0 points)."),
        (
            [
                *(done("local", seed, [80, 80, 80]) for seed in (1, 2, 3)),
                *(
                    done("fedavg", seed, each)
                    for seed, each in ((1, [90, 70, 75]), (2, [91, 71, 85]), (3, [92, 72, 84]))
                ),
            ],
            "Caution. Phantom Jaipur gains from the shared model (11.0 points); Phantom Hyderabad loses (9.0 points); "
            "at Phantom Kolkata it is too close to tell.",
        ),
        (
            [done("local", 42, 80), done("fedavg", 42, 90)],
            "Not shown. Every hospital gains from the shared model (10.0 points). One seed cannot show that another "
            "would say the same.",
        ),
        ([done("fedavg", 42, 90)], "Not shown. This study cannot show whether sharing is worth it"),
    ],
)
def test_worth_it_says_who_gains_and_what_could_be_chance(cells: list, said: str) -> None:
    assert worth_it.of_study(study(cells, synthetic=False)).text.startswith(said)


def test_a_gain_on_drawn_slices_is_no_reason_to_join() -> None:
    assert worth_it.of_study(three_seeds()).tone == "caution"
