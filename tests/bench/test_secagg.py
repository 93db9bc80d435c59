"""Real federations in which a hospital is killed: the sum is that of the others, and the benchmark would see it if not.

All hospitals at all steps, with three and with eight of them, are the benchmark's own; here it is one of each kind.
"""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from bench.secagg import STEPS, Cohort, Outcome, Row, off_by, results
from tests.support.small_network import in_place_of_resnet18


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Three hospitals and what they train; other numbers are made when they are asked for."""
    made: dict[int, Cohort] = {}

    def of(count: int) -> Cohort:
        if count not in made:
            made[count] = Cohort.of(count, tmp_path_factory.mktemp(f"of-{count}"))
        return made[count]

    with in_place_of_resnet18():
        yield of


@pytest.mark.parametrize("step", STEPS)
def test_a_hospital_that_is_killed_at_a_step_is_named_and_the_sum_is_that_of_the_others(cohort, step):
    found = cohort(3).without({"hospital_2": step})
    assert found.ended == ""
    everybody = ("hospital_1", "hospital_2", "hospital_3")
    in_time = step not in ("advertise", "share", "mask")
    assert found.in_the_sum == (everybody if in_time else ("hospital_1", "hospital_3"))
    assert found.failed == ("Hospital 2",)
    assert 0 < found.largest < 1e-6
    assert 0.01 < found.ratio <= 1


def test_of_eight_hospitals_one_is_killed_after_it_has_shared_its_keys(cohort):
    found = cohort(8).without({"hospital_5": "mask"})
    assert len(found.in_the_sum) == 7
    assert found.failed == ("Hospital 5",)
    assert 0.01 < found.ratio <= 1


def test_below_the_threshold_the_run_ends_in_one_sentence(cohort):
    ended = cohort(3).without({"hospital_1": "open", "hospital_2": "open"}).ended
    assert ended.startswith("RUN010: Round 1: the sum of the hospitals' updates was not opened: 1 hospitals gave")
    assert "its process was killed" in ended


def test_another_mean_and_a_counter_that_is_off_are_seen():
    mean = {"fc.weight": np.array([1.0, 2.0]), "bn.running_mean": np.array([3.0])}
    mean["bn.num_batches_tracked"] = np.array(5)
    model = {name: value.astype(np.float32) for name, value in mean.items()}
    bounds = {"fc.weight": 1e-5, "bn.running_mean": 1e-6}
    assert off_by(model, mean, bounds) == (0, 0)
    model["fc.weight"] = np.array([1.0, 2.0001], np.float32)
    largest, ratio = off_by(model, mean, bounds)
    assert largest == pytest.approx(1e-4, rel=0.01)
    assert ratio == pytest.approx(10, rel=0.05)
    model["bn.running_mean"] = np.array([3.001], np.float32)
    assert off_by(model, mean, bounds)[1] > 500
    assert off_by({"bn.num_batches_tracked": np.array(6)}, mean, bounds)[1] == np.inf


def test_the_table_says_how_far_the_worst_run_was_off_and_what_is_wrong():
    good = Outcome(("a", "b"), ("C",), 2e-6, 1e-6, 0.5)
    rows = [
        Row(3, "shares", [good, Outcome(("a", "c"), ("B",), 2e-6, 1.6e-6, 0.8)], 2),
        Row(3, "keys", [good, Outcome(("a", "b", "c"), (), 2e-6, 1e-6, 0.5)], 2),
        Row(3, "two", [Outcome(ended="RUN010: ...")], 0),
        Row(3, "off", [Outcome(("a", "b"), (), 2e-6, 9e-6, 4.5)], 2),
        Row(3, "broken", [Outcome(ended="RUN020: ...")], 2),
    ]
    assert [row.is_right for row in rows] == [True, False, True, False, False]
    console = Console(file=io.StringIO(), width=200)
    console.print(results(rows))
    lines = [line.split() for line in console.file.getvalue().splitlines()]
    assert ["3", "shares", "2", "2", "2.0e-06", "1.6e-06", "0.80"] in lines
    assert ["3", "two", "1", "ended:", "not", "opened"] in lines
