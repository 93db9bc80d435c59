import pytest

from common.study.figures import contribution, over_seeds, paired, values
from common.study.statistics import ACCURACY, MEASURES, confusion_at
from tests.support.studies import HOSPITALS, A, B, C, done, lost, matrix, study


def test_confusions_add_up_and_none_is_left_out_silently():
    result = done("fedavg", 42, [90, 80], hospitals=(A, B))
    assert confusion_at(result, (A, B)).tolist() == (matrix(90) + matrix(80)).tolist()
    assert confusion_at(result, (A, B, C)) is None
    assert confusion_at(result, ()) is None


def test_a_figure_by_seed_over_all_and_at_one():
    found = study([done("fedavg", 42, [90, 80, 70]), done("fedavg", 43, 60), lost("fedavg", 44)])
    assert values(found, "fedavg", ACCURACY, HOSPITALS) == pytest.approx({42: 0.8, 43: 0.6})
    assert values(found, "fedavg", ACCURACY, (C,)) == pytest.approx({42: 0.7, 43: 0.6})
    assert over_seeds(found, "fedavg", ACCURACY, HOSPITALS).mean == pytest.approx(0.7)
    recall_notumor = next(measure for measure in MEASURES if measure.key == "recall_notumor")
    assert over_seeds(found, "fedavg", recall_notumor, HOSPITALS) is None


def test_differences_pair_only_seeds_that_both_have():
    cells = [done("fedavg", 42, 90), done("fedavg", 43, 92), done("local", 43, 80), done("local", 44, 10)]
    assert paired(study(cells), "fedavg", "local", ACCURACY, HOSPITALS) == pytest.approx({43: 0.12})


def test_what_a_hospital_brings_is_measured_on_the_others():
    cells = [done("fedavg", 42, [10, 90, 80]), done("fedavg", 42, [85, 71], without=A)]
    found = study(cells)
    assert contribution(found, A, ACCURACY, (B, C)) == pytest.approx({42: 0.85 - 0.78})
    assert contribution(found, A, ACCURACY, (C,)) == pytest.approx({42: 0.80 - 0.71})
    assert contribution(found, B, ACCURACY, (A, C)) == {}
    assert contribution(study([done("local", 42, 90)]), A, ACCURACY, (B, C)) == {}
