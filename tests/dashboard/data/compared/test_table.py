from __future__ import annotations

from dashboard.data import rounds
from dashboard.data.compared import table
from dashboard.data.compared.at_round import at_round
from dashboard.data.compared.differences import Evidence
from dashboard.data.compared.entries import Entry
from tests.support.compared import made_run, seeds, single

BASE = single(made_run("run-001", {"A": 51, "B": 51}), name="FedAvg")
CLOSE = single(made_run("run-002", {"A": 54, "B": 54}, values=(0.5, 0.7, 0.65)), name="FedProx")
FAR = single(made_run("run-003", {"A": 30, "B": 20}, values=(0.2, 0.3)), name="Krum")
SEEDS = seeds("SCAFFOLD", {s: made_run(f"run-1{s}", {"A": 50 + s, "B": 50 + s}, values=(s / 10,)) for s in (1, 2, 3)})


def written(entries: list[Entry], place: str | None = None, measure: rounds.Measure = rounds.ACCURACY) -> table.Table:
    found = table.rows(entries, measure, BASE, place, Evidence())
    return table.written(found, measure, BASE, place)


def test_only_a_decided_difference_has_a_colour_and_the_rest_say_so_in_words() -> None:
    found = written([BASE, CLOSE, FAR])
    told = list(found.texts["Test vs baseline"])
    assert told[0] == "baseline"
    assert told[1].startswith("+5.0 pp (")
    assert told[1].endswith("), not distinguishable")
    assert told[2].endswith("), worse")
    assert [found.tones[i, "Test vs baseline"] for i in range(3)] == ["muted", "muted", "worse"]


def test_the_best_of_a_column_is_marked_with_a_word_and_so_are_ties() -> None:
    found = written([BASE, CLOSE, FAR])
    tests, best, gaps = (list(found.texts[name]) for name in found.texts.columns[[1, 3, 5]])
    assert [text.endswith(", best") for text in tests] == [False, True, False]
    assert [text.endswith(", best") for text in best] == [True, True, False], "both reach 70.0 %"
    assert gaps == ["10.0 pp, best"] * 3
    assert found.tones[1, found.texts.columns[1]] == "best"
    assert "best" not in written([BASE]).texts.to_string().replace("Best", "")


def test_of_a_loss_the_lowest_is_best() -> None:
    found = written([BASE, FAR], measure=rounds.LOSS).texts
    assert list(found["Best validation loss, all hospitals"]) == ["0.300 in round 2, best", "0.700 in round 2"]
    assert list(found["Best vs baseline"]) == ["baseline", "+0.400"]


def test_one_hospital_shows_its_own_test_and_no_gap() -> None:
    found = written([BASE, FAR], "B").texts
    assert list(found.columns[1:4:2]) == ["Test accuracy, B", "Best validation accuracy, B"]
    assert found["Test accuracy, B"][1].startswith("33.3 % (")
    assert found["Best validation accuracy, B"][0] == "60.0 % in round 2, best"
    assert not [name for name in found.columns if "Gap" in name]


def test_several_seeds_are_one_row_with_mean_extremes_and_spread() -> None:
    texts = written([BASE, SEEDS]).texts.iloc[1]
    assert texts["Run"] == "run-11, run-12, run-13 · SCAFFOLD · 3 seeds"
    assert texts.iloc[1] == "86.7 %, seeds 85.0 to 88.3, SD 1.7 pp, best"
    assert texts.iloc[3] == "20.0 %, seeds 10.0 to 30.0, round 1"


def test_the_best_round_of_two_runs_is_never_coloured_since_its_slices_chose_it() -> None:
    found = written([BASE, FAR])
    assert found.texts["Best vs baseline"][1] == "-40.0 pp"
    assert found.tones[1, "Best vs baseline"] == "muted"


def test_an_unfinished_run_says_so() -> None:
    running = single(made_run("run-004", state="running"))
    texts = written([BASE, running]).texts
    assert texts["Run"][1] == "run-004 (running, 3 of 3 rounds)"
    assert list(texts.iloc[1, 1:3]) == ["–", "–"]


def test_methods_say_what_each_interval_is_made_of() -> None:
    said = table.methods(table.rows([BASE, CLOSE], rounds.ACCURACY, BASE, None, Evidence()), BASE)
    assert said[0] == "Test of FedProx: whether the test slices are the same is not recorded."
    assert "Only a difference whose interval leaves out 0 is coloured." in " ".join(said)


def test_at_a_round_nothing_is_made_of_a_round_that_is_not_there() -> None:
    found = at_round([BASE, CLOSE, FAR], rounds.ACCURACY, 3, BASE)
    assert list(found.texts["At round 3"]) == ["60.0 %", "65.0 %", "–"]
    assert list(found.texts["vs baseline"]) == ["baseline", "+5.0 pp", "–"]
    assert found.tones[1, "vs baseline"] == "muted"


def test_at_a_round_several_seeds_are_a_mean() -> None:
    assert list(at_round([SEEDS], rounds.ACCURACY, 1, None).texts["At round 1"]) == ["20.0 %"]
