import io
from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Console

from server.study.terminal import cell_line, results_table, say_answers, site_lines
from server.study.unseen_table import say_unseen
from tests.support.studies import HOSPITALS, done, lost, study, worth_it
from tests.support.unseen_studies import of_folds, of_left_out


def printed(*things: object, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    for thing in things:
        console.print(thing)
    return console.file.getvalue()


def test_the_table_holds_means_intervals_and_differences():
    text = printed(results_table(worth_it()))
    assert "fedavg -" in text
    assert "+10.0" in text
    assert "88.5–93.5" in text
    assert "+7.5..+12.5" in text
    assert "recall glioma" in text
    assert "recall notumor" not in text, "no such case"
    assert max(len(line) for line in text.splitlines()) <= 80


def test_one_seed_has_no_interval_and_what_is_missing_is_a_dash():
    text = printed(results_table(study([done("local", 1, 80), lost("fedavg", 1)])))
    assert "–" in text
    assert ".." not in text


def test_the_answers_are_printed_with_brackets_as_they_are():
    strange = ("[red]A[/]", "<script>", "C")
    console = Console(file=io.StringIO(), width=200)
    say_answers(console, worth_it(strange))
    text = console.file.getvalue()
    assert "Is the shared model better for our patients" in text
    assert "[red]A[/]: better by 10.0 points" in text
    assert "What does each hospital bring to the others?" in text
    assert "With <script> the others are better by 6.0 points" in text


def test_site_or_disease_is_said_where_a_class_has_slices():
    cells = [replace(each, tests={HOSPITALS[0]: _with_notumor(), **_rest(each)}) for each in worth_it().cells]
    text = "\n".join(site_lines(replace(worth_it(), cells=tuple(cells))))
    assert "notumor is held by Phantom Jaipur alone" in text
    assert "calls 20.0 % of that hospital's other slices notumor, and 0.0 %" in text
    assert "60.0 points" in text


def _with_notumor():
    import numpy as np

    return np.array([[8, 0, 0, 2], [0, 0, 0, 0], [0, 0, 0, 0], [2, 0, 0, 8]])


def _rest(each):
    return {name: matrix for name, matrix in each.tests.items() if name != HOSPITALS[0]}


def test_the_line_before_a_run():
    found = study([done("local", 1, 80), lost("fedavg", 1)])
    now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    line = printed(cell_line(found.cells[1], 2, found, 90.0, now), width=200)
    assert "cell 2 of 2  fedavg, seed 1" in line
    assert "the study ends about" in line
    first = printed(cell_line(replace(found.cells[1], run_id="run-003"), 2, found, None, now), width=200)
    assert "going on with run-003" in first
    assert "no run has been measured yet" in first
    tomorrow = printed(cell_line(found.cells[1], 2, found, 86400.0 * 2, now), width=200)
    assert "2026-11-25" in tomorrow


def test_new_hospitals_and_patients_are_a_table_each_with_the_own_split():
    console = Console(file=io.StringIO(), width=120)
    say_unseen(console, of_left_out())
    say_unseen(console, of_folds(beside=True))
    say_unseen(console, worth_it())
    text = console.file.getvalue()
    assert text.count("What would a new hospital see?") == text.count("What would a new patient see?") == 1
    assert "7 slices of classes that no other hospital holds are left out." in text
    assert "fedavg - pooled" in text
    assert "recall glioma" in text
    assert text.count("own split") == 2
    assert "All hospitals" not in text


def test_the_headline_comes_first_and_a_table_of_folds_says_what_it_is_of():
    console = Console(file=io.StringIO(), width=200)
    say_answers(console, of_folds())
    assert console.file.getvalue().strip().startswith("For a patient that it did not see, fedavg names 80.0 %")
    assert "all three folds together" in printed(results_table(of_folds()), width=120)


def test_the_line_before_a_test_elsewhere_says_where():
    found = of_left_out()
    result = next(each for each in found.cells if each.cell.without)
    line = cell_line(result, 5, found, None, datetime(2026, 1, 1, tzinfo=UTC), testing=True)
    assert "run-001 is tested at Phantom Jaipur" in line
