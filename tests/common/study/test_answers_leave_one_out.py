import pytest

from common.study.answers import contributions
from common.study.statistics import ACCURACY
from tests.support.studies import A, B, C, done, study, worth_it


def test_each_hospital_on_the_others_together_and_one_by_one():
    found = list(contributions(worth_it(), (ACCURACY,)))
    assert [(each.hospital, each.on) for each in found][:4] == [(A, None), (A, B), (A, C), (B, None)]
    first = found[0]
    assert first.estimate.mean == pytest.approx(0.06)
    assert first.verdict.kind == "better"
    assert first.verdict.words.startswith("better by 6.0 points (3.5 to 8.5)")


def test_nothing_is_said_that_was_not_asked():
    assert list(contributions(study([done("fedavg", 42, 90)]))) == []


def test_a_run_that_is_missing_is_not_known():
    found = list(contributions(study([done("fedavg", 42, 90)], leave_one_out=True), (ACCURACY,)))
    assert {each.verdict.kind for each in found} == {"unknown"}
