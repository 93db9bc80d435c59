"""Ranking, patients, subgroups and net benefit on the page, in the report and as CSV; older runs have none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from common.artifacts.load import load_run
from dashboard.charts import analytics, theme
from dashboard.data.case_figures import figures_csv, figures_of
from dashboard.data.results import ALL
from dashboard.reports import run_report
from tests.common.artifacts.test_figure_rows import FIGURES
from tests.support.pages import open_page, said
from tests.support.pdf_text import pdf_text
from tests.support.run_files import HOSPITALS, meta, write_json, write_run

SECTION = "Ranking, patients and subgroups"
AT = datetime(2026, 11, 23, 6, 15, tzinfo=UTC)


def scored_run(output_dir: Path) -> Path:
    folder = write_run(output_dir)
    body = meta("run-001", 4, HOSPITALS, "fedavg", 0.9, 1e-3)
    body["metrics"]["figures"] = FIGURES
    body["metrics"]["per_hospital"]["Phantom Kolkata"]["figures"] = FIGURES
    write_json(folder / "model_meta.json", body)
    return folder


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FL_OUTPUT_DIR", str(tmp_path))


def test_the_page_shows_them(tmp_path: Path) -> None:
    scored_run(tmp_path)
    page = open_page("analytics", section=SECTION)
    assert not page.exception
    assert "of 160 patients" in said(page)
    assert "at least 50%" in said(page)


def test_the_page_of_an_older_run(tmp_path: Path) -> None:
    write_run(tmp_path)
    page = open_page("analytics", section=SECTION)
    assert not page.exception
    assert "Not recorded for this run." in said(page)
    assert "160 patients" not in said(page)


def test_the_report_has_them(tmp_path: Path) -> None:
    folder = scored_run(tmp_path)
    text = pdf_text(run_report.run_pdf(load_run(folder), AT, compress=False))
    for words in ("Ranking, patients and subgroups", "Average precision", "of 160 patients", "sex female 400 80"):
        assert words in text, words


def test_the_csv_has_a_row_a_figure(tmp_path: Path) -> None:
    run = load_run(scored_run(tmp_path))
    lines = figures_csv(run).decode().splitlines()
    assert lines[0] == "hospital,unit,class,figure,value,low,high"
    assert sum(line.startswith("all hospitals,slice,glioma,auroc,") for line in lines) == 1
    assert sum(line.startswith("Phantom Kolkata,patient,") for line in lines) > 4
    assert figures_of(run, ALL)
    assert figures_of(run, "nowhere") is None


def test_the_curve_has_the_model_everybody_and_nobody() -> None:
    figure = analytics.decision_curve([(0.1, 0.2, 0.1), (0.5, 0.1, -0.5)], theme.LIGHT)
    assert [trace.name for trace in figure.data] == ["the model", "every slice", "none"]
    assert list(figure.data[0].x) == [10.0, 50.0]
