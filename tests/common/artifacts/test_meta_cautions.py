import pytest

from common.artifacts.meta import cautions
from common.artifacts.schema import Caution
from common.artifacts.words import cautions_of
from tests.support.descriptions import description
from tests.support.finished import finished


def audited(key: str, code: str, count: int):
    said = description(key)
    said.numbers["audit"] = [{"code": code, "severity": "warning", "title": "", "sentence": "", "count": count}]
    return said


def test_nothing_wrong_is_no_warning():
    assert cautions([description("a"), description("b")], 1.4) == []
    assert cautions([description("a")], None) == []


def test_shared_groups_are_counted_and_named_by_hospital():
    (one,) = cautions(
        [description("a", groups_across_splits=2), description("b"), description("c", groups_across_splits=5)]
    )
    assert one.code == "EVAL001"
    assert "7 groups of look-alike or neighbouring slices stand on more than one side" in one.sentence
    assert "(Hospital A 2 and Hospital C 5)" in one.sentence
    assert "data.group_split=true" in one.sentence
    (single,) = cautions([description("a", groups_across_splits=1)])
    assert single.sentence.startswith("1 group of look-alike or neighbouring slices stands on")


@pytest.mark.parametrize(("finding", "code"), [("DATA007", "EVAL002"), ("DATA010", "EVAL003")])
def test_labels_that_contradict_each_other(finding, code):
    (one,) = cautions([description("a"), audited("b", finding, 6)])
    assert one.code == code
    assert "(Hospital B 6 " in one.sentence


def test_a_temperature_at_the_end_of_its_range():
    assert [one.code for one in cautions([], 0.25)] == ["EVAL004"]
    assert [one.code for one in cautions([], 4.0)] == ["EVAL004"]


def test_test_slices_that_another_hospital_trains_on():
    (one,) = cautions([description("a")], None, 3)
    assert one.code == "EVAL005"
    assert one.sentence.startswith("3 test slices of one hospital are trained on at another")
    assert cautions([description("a")], None, 1)[0].sentence.startswith("1 test slice of one hospital is trained on")
    assert cautions([description("a")], None, 0) == cautions([description("a")], None, None) == []


def test_there_and_back():
    written = finished(descriptions=[description("a", groups_across_splits=2)])
    assert cautions_of(written) == cautions([description("a", groups_across_splits=2)])
    odd = [{"code": 3}, "x", {"code": "EVAL009", "sentence": "Newer."}]
    assert cautions_of({"warnings": odd}) == [Caution("EVAL009", "Newer.")]
    for nothing in (None, "EVAL001", {"code": "EVAL001"}, 3):
        assert cautions_of({"warnings": nothing}) == []
