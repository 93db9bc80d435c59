from datetime import UTC, datetime

from common.artifacts.live.elapsed import last_word, worked_seconds
from common.artifacts.live.record import Live
from common.artifacts.schema import Round, Status

START, END = "2026-11-23T06:00:00+00:00", "2026-11-23T06:10:00+00:00"
AFTER = datetime(2026, 11, 23, 6, 20, tzinfo=UTC)


def test_a_run_that_was_never_resumed_works_since_its_start():
    assert worked_seconds(Status(started_at=START), (), AFTER) == 1200


def test_what_processes_before_did_counts_and_the_pause_does_not():
    assert worked_seconds(Status(started_at=END, earlier_seconds=100.0), (), AFTER) == 700


def test_a_resumed_run_of_an_earlier_version_does_not_say_how_long_it_worked():
    rounds = [Round(1, started_at=START)]
    assert worked_seconds(Status(started_at=END), rounds, AFTER) is None
    assert worked_seconds(Status(started_at=START), [Round(1, started_at=END)], AFTER) == 1200


def test_a_killed_process_was_heard_last_when_it_wrote_that_it_lives():
    status = Status(started_at=START, updated_at=START)
    assert last_word(status, Live(alive_at=END)) == datetime(2026, 11, 23, 6, 10, tzinfo=UTC)
    assert last_word(Status(), None) is None
