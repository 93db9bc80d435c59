from common.study.answers import TOGETHER
from common.study.statistics import ACCURACY
from dashboard.data import study_tables
from tests.support.studies import A, B, C, done, study, worth_it


def test_hospitals_are_in_the_order_of_every_page():
    assert [name for _, name in study_tables.places(worth_it())] == [None, B, A, C]


def test_every_measure_has_a_title_and_a_wrong_key_is_accuracy():
    titles = study_tables.measure_titles()
    assert titles["recall_notumor"] == "Recall, No tumour"
    assert [study_tables.measure(key).key for key in titles] == list(titles)
    assert study_tables.measure("nonsense") is ACCURACY


def test_rows_and_tables_say_the_same():
    found = worth_it()
    table = study_tables.pivot(study_tables.strategy_rows(found, ACCURACY))
    assert list(table.columns) == ["Hospital", "Local", "FedAvg", "Pooled"]
    assert table.iloc[0]["FedAvg"] == "91.0 % (88.5–93.5)"
    against = study_tables.difference_table(study_tables.difference_rows(found, "local", ACCURACY))
    assert against.iloc[0].to_dict() == {
        "Hospital": TOGETHER,
        "Seeds": 3,
        "Difference": "better by 10.0 points (7.5 to 12.5)",
    }
    assert study_tables.difference_rows(study([done("fedavg", 1, 90)]), "local", ACCURACY) == []


def test_what_each_brings_to_each_of_the_others():
    found = worth_it()
    assert [row.place for row in study_tables.brought_rows(found, ACCURACY)] == [B, A, C]
    table = study_tables.brought_table(found, ACCURACY).set_index("Brought by")
    assert table.loc[A, f"To {A}"] == "–"
    assert table.loc[A, f"To {B}"].startswith("+6.0 pp")
    assert study_tables.brought_rows(study([done("fedavg", 1, 90)]), ACCURACY) == []


def test_the_site_alone_stands_beside_every_strategy():
    rows = study_tables.site_rows(worth_it(), "notumor", A)
    rule = {row.place: row.estimate.mean for row in rows if row.series == study_tables.SITE_ONLY}
    assert list(rule.values()) == [1.0, 1.0, 0.0]
    table = study_tables.site_table(worth_it(), "notumor", A)
    assert list(table["Strategy"]) == ["Local", "FedAvg", "Pooled"]
    assert table.iloc[0]["Slices of the class"] == "–"
    assert table.iloc[0]["Same site, other class"] == "0.0 % (0.0–0.0)"


def test_the_site_alone_is_right_for_most_slices():
    sentence = study_tables.site_sentence(worth_it(), "notumor", A)
    assert "FedAvg is right for 100.0 %" in sentence
    assert f"whenever it is from {A} is right for 66.7 %" in sentence
    assert study_tables.site_sentence(study([done("local", 1, 80)]), "notumor", A) is None


def test_one_seed_is_written_without_an_interval():
    found = study([done("local", 1, 80), done("fedavg", 1, 90)])
    assert study_tables.pivot(study_tables.strategy_rows(found, ACCURACY)).iloc[0]["FedAvg"] == "90.0 %"
    against = study_tables.difference_table(study_tables.difference_rows(found, "local", ACCURACY))
    assert against.iloc[0]["Difference"] == "+10.0 points with one seed, and one seed cannot tell"


def test_the_runs_behind_it():
    table = study_tables.cell_table(worth_it())
    assert len(table) == 18
    assert table.iloc[-1]["Cell"] == f"fedavg, seed 44, without {C}"
    assert table.iloc[0]["Gradient steps"] == "60"
    assert set(table["Reason"]) == {""}
