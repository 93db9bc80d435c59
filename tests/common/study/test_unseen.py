"""What new patients and new hospitals would see, and what a study says first."""

from dataclasses import replace

import pytest

from common.study.answers import contributions
from common.study.headline import headline, meaning, rests_on
from common.study.records import External
from common.study.unseen import new_hospitals, new_patients, unseen_difference
from common.study.views import at_home, at_new_hospitals, classes_elsewhere
from tests.support.studies import COUNTS, HOSPITALS, A, B, C, done, matrix, study, worth_it
from tests.support.unseen_studies import of_folds, of_left_out


def test_each_slice_of_a_left_out_hospital_counts_once():
    found = new_hospitals(of_left_out(), "fedavg")
    assert found.accuracy.mean == pytest.approx(0.70)
    assert found.slices == 300
    assert {name: each.mean for name, each in found.hospitals.items()} == pytest.approx({A: 0.6, B: 0.7, C: 0.8})
    assert (found.worst, found.best) == (A, C)
    assert found.recalls["glioma"].mean == pytest.approx(0.70)
    assert found.own_split.mean == pytest.approx(0.85), "the same models, where they were trained"


def test_a_class_that_no_training_hospital_holds_does_not_count_and_is_said():
    found = new_hospitals(of_left_out(), "fedavg")
    assert found.left_out == 7
    assert "notumor" not in found.recalls
    assert classes_elsewhere(COUNTS, A) == {"glioma", "meningioma", "pituitary"}
    assert "notumor" in classes_elsewhere(COUNTS, B)
    assert classes_elsewhere({}, A) == {"glioma", "meningioma", "pituitary", "notumor"}, "not known, so all"


def test_a_seed_that_lacks_a_hospital_is_left_out():
    whole = of_left_out()
    cells = [
        replace(each, external=None) if each.cell.without == B and each.cell.seed == 43 else each
        for each in whole.cells
    ]
    assert list(at_new_hospitals(replace(whole, cells=tuple(cells)), "fedavg")) == [42]
    assert new_hospitals(replace(whole, external=False), "fedavg") is None


def test_slices_tested_by_several_models_do_not_make_the_own_split_surer():
    (own, *_) = at_home(of_left_out(), "fedavg").values()
    assert own.tests[A].sum() == 200, "by the models without B and without C"
    assert own.effects[A] == pytest.approx(2.0)


def test_related_slices_widen_the_interval():
    alone = [
        replace(each, external=External("evaluation-001", matrix(70), 1.0)) if each.external else each
        for each in of_left_out().cells
    ]
    wide, narrow = (
        new_hospitals(replace(of_left_out(), cells=tuple(cells)), "fedavg").accuracy.interval
        for cells in (
            [replace(each, external=replace(each.external, effect=4.0)) if each.external else each for each in alone],
            alone,
        )
    )
    assert wide[1] - wide[0] > 1.8 * (narrow[1] - narrow[0])


def test_pooled_and_federated_are_compared_hospital_by_hospital():
    found = unseen_difference(of_left_out(), "external", "pooled", "fedavg")
    assert found.estimate.mean == pytest.approx(0.03)
    assert found.verdict.kind == "better"
    assert found.pairs == pytest.approx((0.03, 0.02, 0.04))
    assert found.words.endswith("; hospital by hospital from +2.0 to +4.0, with a standard deviation of 1.0")
    apart = of_left_out({"fedavg": (60, 70, 80), "pooled": (50, 72, 99)})
    assert "no difference that three hospitals with two seeds can show" in (
        unseen_difference(apart, "external", "pooled", "fedavg").verdict.words
    )


def test_new_patients_are_all_folds_together_beside_the_own_split_where_it_is_known():
    found = new_patients(of_folds(beside=True), "fedavg")
    assert found.accuracy.mean == pytest.approx(0.8)
    assert found.own_split.mean == pytest.approx(0.9)
    assert new_patients(of_folds(), "fedavg").own_split is None
    assert new_patients(worth_it(), "fedavg") is None
    assert len(of_folds(beside=True).planned) == len(of_folds().cells), "what is beside was not asked for"


def test_the_headline_is_the_most_honest_figure_and_says_which():
    assert headline(worth_it()).startswith("On test slices of the same hospitals, split by groups, fedavg names 91.0 %")
    assert headline(of_folds(beside=True)).startswith(
        "For a patient that it did not see, fedavg names 80.0 % of slices ("
    )
    both = replace(of_left_out(), folds=3)
    said = headline(both)
    assert said.startswith("At a hospital that did not train it, fedavg names 70.0 %")
    assert "from 60.0 % at Phantom Jaipur to 80.0 % at Phantom Kolkata" in said
    assert "Its own split says 85.0 %." in said
    assert headline(study([done("local", 1, 80)])) is None
    assert headline(replace(of_folds(), cells=())) is None


def test_words_say_what_was_tested_and_what_the_intervals_speak_of():
    assert "three folds" in meaning(of_folds(), "folds")
    assert "not of another hospital" in rests_on(of_folds(), "folds")
    assert "another hospital may lie outside" in rests_on(of_left_out(), "external")


def test_what_a_hospital_brings_comes_with_external_tests_but_not_with_folds():
    assert {each.hospital for each in contributions(of_left_out())} == set(HOSPITALS)
    assert not list(contributions(replace(of_left_out(), folds=3)))
