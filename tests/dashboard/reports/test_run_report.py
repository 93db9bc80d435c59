from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from common.artifacts.load import load_run
from dashboard.reports import run_report, style
from tests.support.pdf_text import pdf_text
from tests.support.run_files import STRANGE, write_json, write_run, write_version_one

AT = datetime(2026, 11, 23, 6, 15, tzinfo=UTC)


def text_of(folder: Path) -> str:
    return pdf_text(run_report.run_pdf(load_run(folder), AT, compress=False))


def test_a_completed_run(tmp_path: Path) -> None:
    text = text_of(write_run(tmp_path, "run-004"))
    for words in (
        "run-004",
        "Research use only",
        "SYNTHETIC DATA",
        "On 80 test slices the model named the right one of four classes for 90.0 % (95 % interval 86.0–92.0 %)",
        "Look-alikes and neighbouring slices are on one side of the split",
        "No tumour is held by Phantom Hyderabad alone",
        "Phantom Kolkata",
        "18 (90 %)",
        "90.0 % (82.0–95.0)",
        "Dividing the scores by 1.50 brings stated confidence closer to the share correct: 1.0 instead of 2.5 points",
        "Worst hospital: Phantom Kolkata, 86.0 (80.0–91.0) % of 62 slices",
        "Wilson's, as if no two slices were related",
        "FedAvg",
        "torch 2.15.0",
        "0 errors, 1 warning",
        "Phantom Jaipur: DATA004 2 slices are there twice.",
        "How the slices were split Copies, look-alikes and neighbouring slices were kept on one side",
        "Phantom Hyderabad 296 62 62 60",
        "Intended use Research on federated learning",
        "Whoever holds the weights can ask",
        "no radiologist's reading is part of the figures",
    ):
        assert words in text, words


def test_version_1_says_what_is_not_recorded(tmp_path: Path) -> None:
    text = text_of(write_version_one(tmp_path))
    assert "This run recorded no test figures per hospital." in text
    assert "Whether slices of one patient are in both training and test is not recorded." in text
    assert "strategy not recorded" in text
    assert "How the slices were split was not recorded for this run." in text
    assert "How much the hospitals differ was not recorded" in text
    assert "Whether one picture is under two labels is not recorded." in text


def test_recorded_warnings_and_a_bootstrap_are_said(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    body = json.loads((folder / "model_meta.json").read_text())
    body["warnings"] = [{"code": "EVAL003", "sentence": "Slices at Phantom Jaipur stand under two labels."}]
    body["metrics"]["intervals"]["bootstrap"] = {"groups": 17, "test_accuracy": [0.5, 0.95], "macro_f1": [0.4, 0.9]}
    write_json(folder / "model_meta.json", body)
    text = text_of(folder)
    assert "EVAL003: Slices at Phantom Jaipur stand under two labels." in text
    assert "(95 % interval 50.0–95.0 %); macro F1 90.0 % (40.0–90.0)" in text
    assert "a bootstrap over 17 groups of related slices" in text


def test_strange_names_are_text_and_other_scripts_go_by_their_key(tmp_path: Path) -> None:
    folder = write_run(tmp_path, hospitals=STRANGE)
    text = text_of(folder)
    assert "<script>alert(1)</script>" in text
    assert "**bold**" in text
    assert "Hospital phantom_1" in text
    assert "Names in other scripts are on the web page only" in text
    assert set(run_report.report_names(load_run(folder))) == set(STRANGE)


def test_it_is_the_same_twice_and_holds_many_hospitals(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, hospitals={f"Hospital {i:02d} of a long name": (10.0, 70.0) for i in range(30)}))
    assert run_report.run_pdf(run, AT) == run_report.run_pdf(run, AT)


def test_damaged_figures_do_not_stop_it(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    write_json(
        folder / "model_meta.json",
        {
            "num_epochs": "ten",
            "best_epoch": {"a": 1},
            "split": 3,
            "sha256": 5,
            "metrics": {
                "test_accuracy": 0.5,
                "per_class": {"glioma": 7, "meningioma": {"recall": "x", "precision": 9, "support": -1}},
                "confusion_matrix": [[10**30] * 4] * 4,
                "per_hospital": {"A": 3, "B": {"test_accuracy": 0.4}},
                "calibration": {"bins": "?"},
            },
        },
    )
    assert "50.0 %" in text_of(folder)


def test_a_run_without_a_test_has_no_report(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no test figures"):
        run_report.run_pdf(load_run(write_run(tmp_path, state="running")), AT)


def test_what_the_fonts_cannot_draw() -> None:
    assert style.printable("Zürich – “Nord”") == "Zürich – “Nord”"
    assert style.printable("Poznań\n\x00  two") == "Poznan two"
    assert style.printable("टाटा", otherwise="Hospital 2") == "Hospital 2"


def test_the_report_says_what_the_run_is_called_as_plain_text(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path))
    text = pdf_text(run_report.run_pdf(run, AT, "FedProx 0.1 <b>ours</b>", compress=False))
    assert "FedProx 0.1 < b > ours < /b >" in text  # as the reader of these tests parts it
    assert "run-001" in text
