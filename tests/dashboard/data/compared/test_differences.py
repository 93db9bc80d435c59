from __future__ import annotations

from typing import Any

import pytest

from common.artifacts.external.load import Evaluation
from common.metrics.difference import difference_interval
from dashboard.data.compared import differences
from dashboard.data.compared.differences import Evidence
from tests.support.compared import made_run, seeds, single

SAME = Evidence({"run-001": {"A": "x", "B": "y"}, "run-002": {"A": "x", "B": "y"}})


def pair(first: int, second: int, cases: int = 60) -> tuple[Any, Any]:
    return tuple(
        single(made_run(key, {"A": hits, "B": hits}, cases=cases))
        for key, hits in (("run-001", first), ("run-002", second))
    )  # type: ignore[return-value]


def test_two_tests_of_sixty_slices_cannot_show_five_points() -> None:
    found = differences.of_tests(*pair(54, 51), None, SAME)
    assert found.value == pytest.approx(0.05)
    assert found.interval == pytest.approx(difference_interval((108, 120), (102, 120)))
    assert (found.kind, found.decided, found.how) == ("undecided", False, differences.SAME_SLICES)


def test_a_difference_whose_interval_leaves_out_zero_is_decided_both_ways() -> None:
    found = differences.of_tests(*pair(58, 40), "A", SAME)
    assert found.kind == "better"
    assert found.turned().kind == "worse"
    assert differences.of_tests(*pair(40, 58), "A", SAME).kind == "worse"


def test_whether_the_slices_are_the_same_is_said() -> None:
    other = Evidence({"run-001": {"A": "x", "B": "y"}, "run-002": {"A": "x", "B": "z"}})
    assert differences.of_tests(*pair(54, 51), None, other).how == differences.OTHER_SLICES
    assert differences.of_tests(*pair(54, 51), "A", other).how == differences.SAME_SLICES
    assert differences.of_tests(*pair(54, 51), None, Evidence()).how == differences.UNTOLD_SLICES


def test_tests_at_different_hospitals_are_not_subtracted() -> None:
    one, other = single(made_run("run-001", {"A": 50})), single(made_run("run-002", {"A": 50, "B": 50}))
    found = differences.of_tests(one, other, None, Evidence())
    assert (found.value, found.kind, found.how) == (None, "unknown", differences.OTHER_HOSPITALS)
    assert differences.of_tests(one, other, "A", Evidence()).value == 0.0


def test_an_untested_run_has_no_difference() -> None:
    one, _ = pair(54, 51)
    assert differences.of_tests(one, single(made_run("run-002")), None, Evidence()) == differences.Difference()


def test_the_very_split_tells_test_slices_apart() -> None:
    def splits(files: str, indices: list[int]) -> dict[str, Any]:
        return {"hospitals": {"A": {"files_sha256": files, "test_idx": indices}, "B": {}, "C": 3}}

    first = differences.tested_slices(splits("f", [1, 2]))
    assert [*first] == ["A"]
    assert differences.tested_slices(splits("f", [1, 2])) == first
    assert differences.tested_slices(splits("f", [1, 3])) != first != differences.tested_slices(splits("g", [1, 2]))


def test_seeds_are_compared_one_by_one() -> None:
    one = seeds("FedProx", {s: made_run(f"run-1{s}", {"A": h}) for s, h in ((1, 50), (2, 40), (3, 30), (4, 9))})
    other = seeds("FedAvg", {s: made_run(f"run-2{s}", {"A": h}) for s, h in ((1, 47), (2, 36), (3, 27))})
    found = differences.of_tests(one, other, None, Evidence())
    assert found.value == pytest.approx((3 + 4 + 3) / 180)
    assert found.interval is not None
    assert found.interval[0] > 0
    assert (found.kind, found.how) == ("small", differences.OVER_SEEDS)  # steady, but seeds differ by far more


def test_of_a_loss_less_is_better() -> None:
    one = seeds("FedProx", {s: made_run(f"run-1{s}", values=(0.80 + s / 1000,)) for s in (1, 2, 3)})
    other = seeds("FedAvg", {s: made_run(f"run-2{s}", values=(0.50,)) for s in (1, 2, 3)})
    found = differences.over_seeds(one, other, lambda run: run.rounds[0].val_loss, more_is_better=False)
    assert found is not None
    assert found.value is not None
    assert found.value < 0
    assert found.kind == "better"


def test_one_common_seed_compares_its_two_runs_and_none_compares_nothing() -> None:
    many = seeds("FedAvg", {1: made_run("run-001", {"A": 54, "B": 54}), 2: made_run("run-003", {"A": 9, "B": 9})})
    found = differences.of_tests(single(made_run("run-002", {"A": 51, "B": 51}), 1), many, None, SAME)
    assert found.value == pytest.approx(-0.05)
    assert (found.seed, found.kind, found.how) == (1, "undecided", differences.SAME_SLICES)
    none = differences.of_tests(single(made_run("run-002", {"A": 51, "B": 51}), 9), many, None, SAME)
    assert (none.value, none.how) == (None, differences.NO_SEED)


def evaluation(of: str, other: str, both: tuple[int, int, int, int]) -> Evaluation:
    right, this, reference, _ = both
    cases = sum(both)
    body = {
        "cases": cases,
        "only_this": this,
        "only_reference": reference,
        "accuracy": (right + this) / cases,
        "reference_accuracy": (right + reference) / cases,
        "difference": (this - reference) / cases,
        "interval": [0.01, 0.12],
        "mcnemar_p": 0.03,
    }
    return Evaluation("eval-001", {"of": of, "comparison": {"with": other, "slices": body}}, (), frozenset())


def test_counts_of_an_evaluation_on_the_very_slices_pair_the_two_tests() -> None:
    evidence = Evidence(SAME.slices, (evaluation("run-001", "run-002", (101, 7, 1, 11)),))
    found = differences.of_tests(*pair(54, 51), None, evidence)
    assert (found.interval, found.kind, found.how) == ((0.01, 0.12), "better", differences.PAIRED)
    turned = Evidence(SAME.slices, (evaluation("run-002", "run-001", (101, 1, 7, 11)),))
    assert differences.of_tests(*pair(54, 51), None, turned).interval == (-0.12, -0.01)


def test_a_paired_difference_says_how_many_patients_it_rests_on() -> None:
    made = evaluation("run-001", "run-002", (101, 7, 1, 11))
    assert differences.of_tests(*pair(54, 51), None, Evidence(SAME.slices, (made,))).behind == ""
    counts = made.meta["comparison"]
    made.meta["comparison"]["patients"] = {**counts["slices"], "cases": 20, "source": "manifest"}
    found = differences.of_tests(*pair(54, 51), None, Evidence(SAME.slices, (made,)))
    assert found.behind.startswith("20 patients")
    assert found.turned().behind == found.behind


def test_counts_of_other_slices_do_not() -> None:
    evidence = Evidence(SAME.slices, (evaluation("run-001", "run-002", (80, 7, 1, 11)),))
    assert differences.of_tests(*pair(54, 51), None, evidence).how == differences.SAME_SLICES


def test_a_difference_of_shares_never_reaches_beyond_all_of_them() -> None:
    one = seeds("FedProx", {1: made_run("run-11", {"A": 60}), 2: made_run("run-12", {"A": 0})})
    other = seeds("FedAvg", {1: made_run("run-21", {"A": 0}), 2: made_run("run-22", {"A": 60})})
    assert differences.of_tests(one, other, None, Evidence()).interval == (-1.0, 1.0)
