from common.study.answers import TOGETHER
from dashboard.data import unseen_rows
from tests.support.studies import A, worth_it
from tests.support.unseen_studies import of_folds, of_left_out


def test_rows_hold_all_hospitals_each_of_them_and_the_own_split():
    found = unseen_rows.asked(of_left_out())
    assert list(found) == ["external"]
    rows = unseen_rows.accuracy_rows(of_left_out(), found["external"])
    assert len(rows) == 2 * 5
    assert {row.place for row in rows} >= {TOGETHER, A, unseen_rows.OWN_SPLIT}
    assert unseen_rows.asked(worth_it()) == {}


def test_tables_are_written_in_percent_and_points():
    found = unseen_rows.asked(of_folds())["folds"]
    figures = unseen_rows.figures_table(found)
    assert figures["Accuracy"][0].startswith("80.0 % (")
    assert figures["Slices"][0] == "900"
    (line,) = unseen_rows.differences_table(of_folds(), found).to_dict("records")
    assert line["Compared"] == "FedAvg minus Pooled"
    assert line["Difference"].startswith("-2.0 pp (")
    assert "fold by fold from -3.0 to -1.0" in line["In words"]
    assert unseen_rows.differences_table(of_folds(), found[:1]).empty
