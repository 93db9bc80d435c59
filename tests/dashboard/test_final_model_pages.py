"""A model that trained on every slice, on every page: its figures are another run's, and each page says whose."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from common.artifacts.layout import META
from common.artifacts.listing.glance import glance
from common.artifacts.load import load_run
from common.artifacts.words import notice
from dashboard.data.compared import entries
from dashboard.data.service import change
from dashboard.reports.run_report import run_pdf
from tests.dashboard.test_model_pages import words
from tests.support import pages
from tests.support.pdf_text import pdf_text
from tests.support.run_files import write_json, write_run

SAID = str(notice("fedavg", figures_of="run-001"))


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """A tested run, and a final model of its recipe."""
    for run in ("run-001", "run-002"):
        write_run(tmp_path, run)
    folder = tmp_path / "artifacts" / "run-002"
    rows, meta = (json.loads((folder / name).read_text()) for name in ("training_history.json", META))
    for row in rows:
        for part in (row, *row["hospitals"].values()):
            for name in [name for name in part if name.startswith("val_")]:
                del part[name]
    meta |= {"metrics_of": {"run": "run-001", "model_sha256": "0" * 64, "same_slices": True}, "notice": SAID}
    meta |= {"train_samples": meta["total_samples"], "val_samples": 0, "test_samples": 0}
    write_json(folder / "training_history.json", rows)
    write_json(folder / META, meta)
    return tmp_path


def page(output: Path, name: str, monkeypatch: pytest.MonkeyPatch, **query: str) -> AppTest:
    monkeypatch.setenv("FL_OUTPUT_DIR", str(output))
    app = pages.open_page(name, **query)
    assert not app.exception
    return app


def test_the_first_page_and_analytics_name_the_run_that_was_tested(output, monkeypatch):
    first = words(page(output, "network", monkeypatch, run="run-002"))
    assert SAID in first
    assert "Test accuracy of run-001" in first
    assert "The model of run-001, of the same recipe, names" in first
    found = words(page(output, "analytics", monkeypatch, run="run-002"))
    assert "Accuracy of run-001" in found
    assert "Nothing tested this model; of run-001, whose recipe it has:" in found


def test_training_shows_what_was_seen_while_training_and_no_best_round(output, monkeypatch):
    said = words(page(output, "training", monkeypatch, run="run-002"))
    assert "Accuracy while training per round" in said
    assert "accuracy while training" in said
    assert "Best in round" not in said


def test_lists_give_it_no_test_of_its_own(output, monkeypatch):
    app = page(output, "compare", monkeypatch, runs="run-001,run-002")
    rows = {row["key"]: row for row in pages.listed_runs(app)}
    assert rows["run-002"]["test"] == "of run-001"
    assert rows["run-001"]["test"].startswith("8")
    assert SAID in words(app)
    assert [entries.test_of(load_run(output / "artifacts" / run), None) is None for run in ("run-001", "run-002")] == [
        False,
        True,
    ]
    assert "(86.0–92.0), of run-001" in words(page(output, "models", monkeypatch))


def test_a_glance_knows_whose_figures_they_are(output):
    found = [glance(output / "artifacts" / run).measured_with for run in ("run-001", "run-002")]
    assert found == [None, "run-001"]


def test_nobody_says_that_it_is_better_than_the_model_in_service(output, monkeypatch):
    served, final = (load_run(output / "artifacts" / run) for run in ("run-001", "run-002"))
    found = change.compare(final, served, [], same_slices=True)
    assert (found.kind, found.difference) == (change.FINAL, None)
    assert change.sentence(found) == (
        "run-002 has the figures of run-001: trained on every slice, it cannot be tested on any of them, only at "
        "another hospital."
    )
    assert {row.change for row in found.rows if "Recall" in row.name} == {change.NOT_TESTED}


def test_the_report_says_it_on_its_first_page(output):
    made = run_pdf(load_run(output / "artifacts" / "run-002"), datetime.now(UTC), compress=False)
    said = " ".join(pdf_text(made).split())
    assert "measured with run-001" in said
    assert "test slices the model of run-001 named" in said
