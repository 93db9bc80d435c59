"""A run's accuracy never stands alone: the pages and the report say what it is of, and what it is on unlike slices."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from common.artifacts.load import load_run
from common.metrics.likeness.figures import likeness_figures
from dashboard.reports import run_report
from tests.common.artifacts.test_figure_rows import FIGURES
from tests.common.metrics.likeness.test_figures import slices_of
from tests.support.pages import open_page, said, tables
from tests.support.pdf_text import pdf_text
from tests.support.run_files import HOSPITALS, meta, write_json, write_run, write_version_one

LIKENESS = json.loads(json.dumps(likeness_figures({"Phantom Kolkata": slices_of(400, 1)[0]})))
OF = "test slices of the same hospitals, split by groups of related slices"


def share(found: dict) -> str:
    return f"{100 * found['test_accuracy']:.1f} %"


def told_run(output_dir: Path) -> Path:
    folder = write_run(output_dir)
    body = meta("run-001", 4, HOSPITALS, "fedavg", 0.9, 1e-3)
    for part in (body["metrics"], body["metrics"]["per_hospital"]["Phantom Kolkata"]):
        part |= {"figures": FIGURES, "likeness": LIKENESS}
    write_json(folder / "model_meta.json", body)
    return folder


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FL_OUTPUT_DIR", str(tmp_path))


@pytest.mark.parametrize("page", ["network", "analytics"])
def test_the_first_row_has_both_beside_the_accuracy(tmp_path: Path, page: str) -> None:
    told_run(tmp_path)
    app = open_page(page)
    assert not app.exception
    found = {each.label: each for each in app.metric}
    unlike, patients = found["Unlike any trained on"], found["By patient"]
    assert unlike.value == share(LIKENESS["unlike"])
    assert unlike.delta.endswith(f"of {LIKENESS['unlike']['slices']}")
    assert patients.value == share(FIGURES["per_patient"])
    assert patients.delta.endswith("of 160")
    assert f"Accuracy is of {OF}" in said(app).replace("\\", "")


def test_analytics_has_the_curve_of_all_hospitals_and_of_one(tmp_path: Path) -> None:
    told_run(tmp_path)
    for chosen in ({}, {"of": "Phantom Kolkata"}):
        app = open_page("analytics", section="Likeness", **chosen)
        assert not app.exception
        assert tables(app)[-1].iloc[0, 0] == "below 0.80"
        assert "likeness below 0.90" in said(app).replace("\\", "")


def test_a_hospital_and_a_run_that_told_nothing_say_so(tmp_path: Path) -> None:
    told_run(tmp_path)
    app = open_page("analytics", section="Likeness", of="Phantom Jaipur")
    assert "was not told for this run" in said(app)
    assert not app.exception


def test_an_older_run_has_its_accuracy_alone(tmp_path: Path) -> None:
    write_version_one(tmp_path)
    app = open_page("network")
    assert not app.exception
    assert not {"Unlike any trained on", "By patient"} & {each.label for each in app.metric}
    assert "Accuracy is of" not in said(app)


def test_the_report_says_it_too(tmp_path: Path) -> None:
    run = load_run(told_run(tmp_path))
    text = pdf_text(run_report.run_pdf(run, datetime(2026, 11, 23, 6, 15, tzinfo=UTC), compress=False))
    assert f"Accuracy is of {OF}." in text
    assert f"Slices unlike any trained on (likeness below 0.90): {share(LIKENESS['unlike'])}" in text
    assert "By patient, whose slices vote:" in text
    assert "below 0.80" in text
