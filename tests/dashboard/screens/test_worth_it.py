from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.pages import open_page, said, tables
from tests.support.study_files import one_seed, save, unfinished, worth_it
from tests.support.unseen_studies import of_folds, of_left_out


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setenv("FL_OUTPUT_DIR", str(tmp_path))
    return tmp_path


def test_no_study_says_which_command_makes_one() -> None:
    app = open_page("worth_it")
    assert not app.exception
    assert "python -m server.study experiment=worth_it" in said(app)


def test_the_three_questions_are_headings_with_their_verdicts(folder: Path) -> None:
    save(folder, worth_it())
    app = open_page("worth_it")
    assert not app.exception
    headings = [element.value for element in app.subheader]
    assert headings == [
        "Is the shared model better for our patients than our own would be?",
        "How far is it from what pooling all data would give?",
        "How sure are we?",
    ]
    folded = [expander.label for expander in app.expander]
    further = ["What does each hospital bring to the others?", "Site or disease?", "The runs behind it"]
    assert folded == [*["What this rests on"] * 3, "Every strategy at every hospital", *further]
    text = said(app).replace("\\", "")
    assert "All hospitals together: better by 10.0 points (7.5 to 12.5)." in text
    assert "no difference that three seeds can show" in text
    assert "SYNTHETIC" in text
    assert len(tables(app)) == 1, "who gains"
    for key in ("local", "pooled", "sure", "strategies"):
        app.session_state[f"study_{key}"] = True
    app.run()
    assert "Better at 3 of 3 hospitals, worse at 0" in said(app)
    assert len(tables(app)) == 4
    assert "18 of 18 runs done" in text


def test_what_a_board_asks_next_is_drawn_once_it_is_asked(folder: Path) -> None:
    save(folder, worth_it())
    app = open_page("worth_it")
    assert "with this hospital minus without it" not in said(app)
    assert "is held by" not in said(app)
    app.session_state["study_brought"] = True
    assert "with this hospital minus without it" in said(app.run())
    app.session_state["study_site"] = True
    app.run()
    assert "No tumour is held by" in said(app)
    assert "nobody else holds one" in said(app)
    app.session_state["study_runs"] = True
    assert len(tables(app.run())) == 4, "the runs behind it are drawn once they are unfolded"


def test_another_figure_and_another_study_are_kept_in_the_address(folder: Path) -> None:
    save(folder, worth_it())
    save(folder, one_seed())
    app = open_page("worth_it", study="study-001", figure="recall_glioma")
    assert app.selectbox(key="study").value == "study-001"
    assert app.selectbox(key="figure").value == "recall_glioma"
    app.selectbox(key="study").set_value("study-002").run()
    assert app.query_params["study"] == "study-002"
    assert not app.exception


def test_a_study_that_is_not_there_is_said(folder: Path) -> None:
    save(folder, worth_it())
    app = open_page("worth_it", study="../../etc")
    assert "is not here, showing study-001" in said(app)


def test_what_is_missing_is_one_sentence_with_the_command(folder: Path) -> None:
    save(folder, unfinished())
    app = open_page("worth_it")
    assert not app.exception
    text = said(app).replace("\\", "")
    assert "3 of 6 runs are not there: local, seed 43 (RUN010: a reason); pooled, seed 42 (missing)" in text
    assert "python -m server.study experiment=worth_it" in text
    app.session_state["study_pooled"] = True
    assert "No seed has the runs that this needs yet." in said(app.run())


def test_a_study_at_work(folder: Path) -> None:
    save(folder, replace(unfinished(), state="running"))
    app = open_page("worth_it")
    assert not app.exception
    assert "3 of 6 runs done" in said(app)


def test_one_seed_cannot_tell(folder: Path) -> None:
    save(folder, one_seed())
    app = open_page("worth_it")
    assert not app.exception
    text = said(app)
    assert "One seed cannot tell" in text
    assert "this study ran without strategy=pooled" in text


@pytest.mark.parametrize("content", ["{", "[]", "null", '{"state": "completed", "cells": [3]}', '{"cells": 7}'])
def test_a_damaged_file_is_a_sentence(folder: Path, content: str) -> None:
    save(folder, worth_it()).write_text(content)
    app = open_page("worth_it")
    assert not app.exception
    assert "study.json" in said(app).replace("\\", "")


def test_a_hostile_name_is_text(folder: Path) -> None:
    save(folder, replace(worth_it(("<script>alert(1)</script>", "**b** [x](y) $z$", "C")), name="<img src=x>"))
    app = open_page("worth_it")
    app.session_state["study_local"] = True
    app.run()
    assert not app.exception
    text = said(app)
    assert "<script>" not in text
    assert r"\<img src=x\>" in text
    assert r"\*\*b\*\*" in text


def test_new_hospitals_and_new_patients_come_first_with_the_own_split_beside_them(folder: Path) -> None:
    save(folder, of_folds(beside=True))
    save(folder, of_left_out())
    app = open_page("worth_it", study="study-001")
    assert not app.exception
    assert app.subheader[0].value == "What would a new patient see?"
    text = said(app).replace("\\", "")
    assert "3 folds" in text
    assert "12 of 12 runs done" in text, "the runs beside were not asked for"
    assert text.count("For a patient that it did not see, fedavg names 80.0 % of slices") == 2, "verdict and answer"
    assert "Its own split says 90.0 %." in text
    app.selectbox(key="study").set_value("study-002").run()
    assert app.subheader[0].value == "What would a new hospital see?"
    app.session_state["study_external"] = True
    app.run()
    assert not app.exception
    text = said(app).replace("\\", "")
    assert "14 slices of classes" not in text
    assert "7 slices of classes that no other hospital holds are left out." in text
    figures = next(table for table in tables(app) if "Worst hospital" in table)
    assert figures["The run's own split"].str.startswith("85.0 %").all()
    assert figures["Worst hospital"][0].startswith("Phantom Jaipur: 60.0 %")
    assert any("Pooled minus FedAvg" in str(table) or "FedAvg minus Pooled" in str(table) for table in tables(app))
