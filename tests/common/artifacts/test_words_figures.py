from common.artifacts.card_tables import hospital_rows
from common.artifacts.words import interval_text, marked, recorded_interval, share_text


def test_a_share_and_its_interval():
    assert share_text(0.886, (0.8488, 0.914)) == "88.6 (84.9–91.4)"
    assert share_text(0.886, None) == "88.6"
    assert interval_text((0.8488, 0.914)) == "84.9–91.4"
    assert share_text(0.886, (0.8488, 0.914), digits=0) == "89 (85–91)"


def test_the_wider_ends_are_taken():
    own = {"intervals": {"test_accuracy": [0.6, 0.8], "bootstrap": {"test_accuracy": [0.65, 0.9], "macro_f1": [0, 1]}}}
    assert recorded_interval(own["intervals"], "test_accuracy") == (0.6, 0.9)
    own |= {"test_accuracy": 0.7, "macro_f1": 0.5, "n_test": 1200}
    nobody = own | {"n_test": 0}
    metrics = {"per_hospital": {"A": own, "B": nobody}, **own, "avg_f1": 0.5}
    figures = ["1,200", "70.0 (60.0–90.0)", "50.0 (0.0–100.0)"]
    assert hospital_rows(metrics) == [["A", *figures], ["B", "0", "–", "–"], ["all hospitals", *figures]]


def test_few_cases_are_marked():
    assert [marked(12, True), marked(1200, False)] == ["12*", "1,200"]
