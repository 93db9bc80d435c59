from common.study.answers import TOGETHER
from common.study.measures import ACCURACY
from dashboard.data import worth
from tests.common.study.studies import A, B, C, done, study, worth_it


def test_hospitals_are_in_the_order_of_every_page():
    assert [name for _, name in worth.places(worth_it())] == [None, B, A, C]


def test_every_measure_has_a_title_and_a_wrong_key_is_accuracy():
    titles = worth.measure_titles()
    assert titles["recall_notumor"] == "Recall, No tumour"
    assert [worth.measure(key).key for key in titles] == list(titles)
    assert worth.measure("nonsense") is ACCURACY


def test_rows_and_tables_say_the_same():
    found = worth_it()
    table = worth.pivot(worth.strategy_rows(found, ACCURACY))
    assert list(table.columns) == ["Hospital", "Local", "FedAvg", "Pooled"]
    assert table.iloc[0]["FedAvg"] == "91.0 % (88.5–93.5)"
    against = worth.difference_table(worth.difference_rows(found, "local", ACCURACY))
    assert against.iloc[0].to_dict() == {
        "Hospital": TOGETHER,
        "Seeds": 3,
        "Difference": "better by 10.0 points (7.5 to 12.5)",
    }
    assert worth.difference_rows(study([done("fedavg", 1, 90)]), "local", ACCURACY) == []


def test_what_each_brings_to_each_of_the_others():
    found = worth_it()
    assert [row.place for row in worth.brought_rows(found, ACCURACY)] == [B, A, C]
    table = worth.brought_table(found, ACCURACY).set_index("Brought by")
    assert table.loc[A, f"To {A}"] == "–"
    assert table.loc[A, f"To {B}"].startswith("+6.0 pp")
    assert worth.brought_rows(study([done("fedavg", 1, 90)]), ACCURACY) == []


def test_the_site_alone_stands_beside_every_strategy():
    rows = worth.site_rows(worth_it(), "notumor", A)
    rule = {row.place: row.estimate.mean for row in rows if row.series == worth.SITE_ONLY}
    assert list(rule.values()) == [1.0, 1.0, 0.0]
    table = worth.site_table(worth_it(), "notumor", A)
    assert list(table["Strategy"]) == ["Local", "FedAvg", "Pooled"]
    assert table.iloc[0]["Slices of the class"] == "–"
    assert table.iloc[0]["Same site, other class"] == "0.0 % (0.0–0.0)"


def test_the_site_alone_is_right_for_most_slices():
    sentence = worth.site_sentence(worth_it(), "notumor", A)
    assert "FedAvg is right for 100.0 %" in sentence
    assert f"whenever it is from {A} is right for 66.7 %" in sentence
    assert worth.site_sentence(study([done("local", 1, 80)]), "notumor", A) is None


def test_one_seed_is_written_without_an_interval():
    found = study([done("local", 1, 80), done("fedavg", 1, 90)])
    assert worth.pivot(worth.strategy_rows(found, ACCURACY)).iloc[0]["FedAvg"] == "90.0 %"
    against = worth.difference_table(worth.difference_rows(found, "local", ACCURACY))
    assert against.iloc[0]["Difference"] == "+10.0 points with one seed, and one seed cannot tell"


def test_the_runs_behind_it():
    table = worth.cell_table(worth_it())
    assert len(table) == 18
    assert table.iloc[-1]["Cell"] == f"fedavg, seed 44, without {C}"
    assert table.iloc[0]["Gradient steps"] == "60"
    assert set(table["Reason"]) == {""}
