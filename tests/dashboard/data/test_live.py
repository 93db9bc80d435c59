from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from common.artifacts.live.record import Live, Part
from common.artifacts.load import load_run
from common.artifacts.schema import Run
from dashboard.data import live as module
from tests.support.run_files import START, write_run


def running(tmp_path: Path, done: int = 3) -> Run:
    return load_run(write_run(tmp_path, state="running", done=done, rounds=8, updated_at=START))


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def a_round(number: int = 4, **more: object) -> Live:
    return Live(round=number, round_since=START.isoformat(), alive_at=START.isoformat(), **more)  # type: ignore[arg-type]


def test_a_slow_round_of_a_living_process_is_called_slow_and_nothing_else(tmp_path: Path) -> None:
    now = module.now_at(running(tmp_path), at(11), a_round(), alive=True, sign=at(11))
    assert now.kind == "slow"
    assert now.sentence == "Round 4 is slow: 11 min so far, 29 s at the median; the process is alive."


def test_a_round_that_takes_its_time_is_no_matter(tmp_path: Path) -> None:
    now = module.now_at(running(tmp_path), at(0.7), a_round(), alive=True, sign=at(0.7))
    assert (now.kind, now.sentence) == (
        "alive",
        "Round 4: 42 s so far, 29 s at the median; the process is alive.",
    )
    first = module.now_at(running(tmp_path, 0), at(60), a_round(1), alive=True, sign=at(60))
    assert (first.kind, first.sentence) == ("alive", "Round 1: 60 min so far; the process is alive.")


def test_a_process_that_has_ended_is_dead_however_lately_it_was_heard(tmp_path: Path) -> None:
    now = module.now_at(running(tmp_path), at(3), a_round(), alive=False, sign=at(0))
    assert (now.kind, now.sentence) == ("dead", "The process has ended (killed?) 3 min ago. Resume it.")
    assert now.worked == 0


def test_of_another_machine_silence_is_all_that_can_be_said(tmp_path: Path) -> None:
    run = running(tmp_path)
    heard = module.now_at(run, at(11), a_round(), alive=None, sign=at(11) - timedelta(seconds=4))
    assert heard.sentence.endswith("last sign of life 4 s ago.")
    silent = module.now_at(run, at(11), a_round(), alive=None, sign=at(8))
    assert (silent.kind, silent.sentence.startswith("No sign of life for 3 min.")) == ("silent", True)


def test_a_run_of_an_earlier_version_may_be_silent_for_longer(tmp_path: Path) -> None:
    run = running(tmp_path)
    assert module.now_at(run, at(2), None, alive=None, sign=at(0)).kind == "alive"
    assert module.now_at(run, at(4), None, alive=None, sign=at(0)).kind == "silent"


def test_a_stop_is_under_way_until_the_step_is_done(tmp_path: Path) -> None:
    now = module.now_at(running(tmp_path), at(1), a_round(stopping=True), alive=True, sign=at(1))
    assert now.sentence == "Stopping after this step."


def test_each_hospital_is_told_as_it_reported() -> None:
    since = START.isoformat()
    found = Live(
        phase="train",
        reports=True,
        hospitals={
            "A": Part("working", since, "training", 34, 72),
            "B": Part("asked", since),
            "C": Part("done", since),
            "D": Part("failed", since, reason="no answer within 60 s"),
            "E": Part(),
        },
    )
    told = module.lines(found, at(0.5))
    assert [line.said for line in told] == [
        "training 34 of 72 steps",
        "waiting",
        "sent",
        "left out: no answer within 60 s",
        "waiting",
    ]
    assert [round(line.share, 2) for line in told] == [0.47, 0, 1, 0, 0]
    elsewhere = Live(phase="train", hospitals={"B": Part("asked", since)})
    assert module.lines(elsewhere, at(1))[0].said == "asked 60 s ago; its own machine knows the step"
