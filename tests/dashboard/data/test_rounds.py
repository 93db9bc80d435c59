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
    assert (state.done, state.total, state.stale) == (3, 8, False)
    assert state.seconds_left == pytest.approx(5 * 29)
    assert state.expected_end == finished + timedelta(seconds=5 * 29)
    later = rounds.progress(run, finished + timedelta(seconds=10))
    assert later.seconds_left == pytest.approx(5 * 29 - 10)


def test_a_run_that_was_killed_is_stale(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, state="running", done=3, rounds=8))
    state = rounds.progress(run, START + timedelta(hours=1))
    assert state.stale
    assert state.expected_end is None


def test_a_slow_round_of_a_process_that_lives_is_not(tmp_path: Path) -> None:
    run, hour = load_run(write_run(tmp_path, state="running", done=3, rounds=8)), START + timedelta(hours=1)
    assert not rounds.progress(run, hour, sign=hour - timedelta(seconds=20)).stale
    assert rounds.progress(run, hour, sign=hour - timedelta(minutes=10)).stale


def test_a_finished_run_is_never_stale(tmp_path: Path) -> None:
    state = rounds.progress(load_run(write_run(tmp_path)), START + timedelta(days=9))
    assert not state.stale
    assert state.seconds_left is None


def test_rounds_are_told_in_words(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, done=4, drop=2))
    assert rounds.in_words(run.rounds[1]).startswith("2 of 3 hospitals · 179.2 MB · 30 s · accuracy ")
    assert rounds.failures_in_words(run.rounds[1]) == ["Phantom Kolkata did not train: no answer within 60 s"]
    old = load_run(write_version_one(tmp_path, "run-002"))
    assert rounds.in_words(old.rounds[0]).startswith("accuracy ")
