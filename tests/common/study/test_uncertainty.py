from dataclasses import replace

from common.study.uncertainty import how_sure, missing, steps_by_strategy
from tests.support.studies import COUNTS, A, done, lost, matrix, study


def said(found) -> str:
    return " ".join(how_sure(found, [], []))


def test_gradient_steps_are_equal_or_it_is_said():
    equal = study([done("local", 42, 80), done("fedavg", 42, 90)])
    assert "took equally many gradient steps" in said(equal)
    unequal = study([done("local", 42, 80, steps=60), done("fedavg", 42, 90, steps=120)])
    assert "did NOT take equally many gradient steps (mean over seeds: local 60, fedavg 120)" in said(unequal)
    assert steps_by_strategy(unequal) == {"local": {42: 60}, "fedavg": {42: 120}}
    assert "not known yet" in said(study([done("fedavg", 42, 90)]))
    apart = study([done("local", 42, 80), done("fedavg", 43, 90)])
    assert "cannot be compared" in said(apart)


def test_without_a_baseline_there_is_nothing_to_compare_with():
    assert "without strategy=local and strategy=pooled" in said(study([done("fedavg", 42, 90)]))
    assert "Nothing can be said yet" in said(study([done("local", 42, 80), done("fedavg", 42, 90)]))


def test_what_is_missing_is_named_with_its_reason():
    found = study([done("fedavg", 42, 90), lost("local", 42, "failed", "no memory"), lost("local", 43)])
    assert missing(found) == "2 of 3 runs are not there: local, seed 42 (no memory); local, seed 43 (missing)."
    assert missing(found) in said(found)
    many = study([lost("local", seed) for seed in range(9)])
    assert missing(many).endswith("local, seed 3 (missing) and 5 more.")


def test_synthetic_slices_missed_rounds_and_few_cases_are_said():
    result = replace(done("fedavg", 42, 90), missed=(A,), tests={name: matrix(9, 12) for name in COUNTS})
    words = said(study([result]))
    assert "SYNTHETIC" in words
    assert "Not like for like: scaffold trains with sgd." in said(study([result], unlike=("scaffold trains with sgd",)))
    assert f"fedavg, seed 42 (run-001): {A} missed a round." in words
    assert f"Fewer than 20 test slices in a split, so that these recalls say little: glioma at {A}" in words
    assert "SYNTHETIC" not in said(study([result], synthetic=False))
