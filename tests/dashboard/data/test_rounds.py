from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from common.artifacts.load import load_run
from dashboard.data import rounds
from tests.support.run_files import START, write_run, write_version_one


def test_the_end_is_expected_from_the_median_round(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, state="running", done=3, rounds=8))
    finished = START + timedelta(seconds=3 * 30 + 28)
    state = rounds.progress(run, finished)
    assert (state.done, state.total) == (3, 8)
    assert state.seconds_left == pytest.approx(5 * 29)
    assert state.expected_end == finished + timedelta(seconds=5 * 29)
    later = rounds.progress(run, finished + timedelta(seconds=10))
    assert later.seconds_left == pytest.approx(5 * 29 - 10)


def test_a_process_that_has_ended_has_no_end_to_expect(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, state="running", done=3, rounds=8))
    assert rounds.progress(run, START + timedelta(hours=1), goes_on=False).expected_end is None


def test_a_finished_run_takes_no_longer(tmp_path: Path) -> None:
    assert rounds.progress(load_run(write_run(tmp_path)), START + timedelta(days=9)).seconds_left is None


def test_rounds_are_told_in_words(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, done=4, drop=2))
    assert rounds.in_words(run.rounds[1]).startswith("2 of 3 hospitals · 179.2 MB · 30 s · accuracy ")
    assert rounds.failures_in_words(run.rounds[1]) == ["Phantom Kolkata did not train: no answer within 60 s"]
    old = load_run(write_version_one(tmp_path, "run-002"))
    assert rounds.in_words(old.rounds[0]).startswith("accuracy ")
