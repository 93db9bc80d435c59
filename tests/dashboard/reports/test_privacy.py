from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from common.artifacts.load import load_run
from common.artifacts.privacy.audit import read_audit
from common.artifacts.privacy.guarantee import RunPrivacy
from dashboard.data.gains import left
from dashboard.reports.run_report import run_pdf
from tests.support.pdf_text import pdf_text
from tests.support.run_files import STRANGE, attacked, private, write_run

AT = datetime(2026, 11, 23, 6, 15, tzinfo=UTC)


def text(folder: Path) -> str:
    return " ".join(pdf_text(run_pdf(load_run(folder), AT, "", read_audit(folder)[0], compress=False)).split())


def test_the_report_says_the_promise_and_puts_the_attack_beside_it(tmp_path: Path) -> None:
    said = text(write_run(tmp_path, privacy=private(), audit=attacked()))
    assert "What protects the patients?" in said
    assert "epsilon at most 7.9 of 8 at every hospital" in said
    assert "Canaries prove that epsilon is at least 1.42" in said
    assert "AUROC 0.534" in said


def test_a_report_without_an_attack_says_so_and_names_in_other_scripts_can_be_drawn(tmp_path: Path) -> None:
    said = text(write_run(tmp_path, hospitals=STRANGE, privacy=private(hospitals=STRANGE, stopped=2)))
    assert "No attack on this run is recorded" in said
    assert "stopped after 2 rounds of 4" in said


def test_the_boards_page_follows_the_run(tmp_path: Path) -> None:
    def protection(run_id: str, privacy: RunPrivacy) -> str:
        return dict(left.protection(load_run(write_run(tmp_path, run_id, privacy=privacy))))["Differential privacy"]

    assert protection("run-001", RunPrivacy("none")).startswith("No differential privacy")
    assert protection("run-002", private()).startswith("per patient: epsilon at most 7.9 of 8")


def test_noise_is_told_and_no_figure_of_training_slices(tmp_path: Path) -> None:
    noisy = "; ".join(left.kinds(load_run(write_run(tmp_path, privacy=private("dp_sgd_secagg")))))
    assert "with noise, masked" in noisy
    assert "of validation, none of training" in noisy
