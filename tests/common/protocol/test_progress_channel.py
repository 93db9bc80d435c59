import pickle

import pytest

from common.errors import Interrupted
from common.protocol import progress_channel as module
from common.protocol.progress_channel import Progress, Spool


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until a test moves it."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def spool(tmp_path, clock):
    return Spool(tmp_path)


def test_the_last_word_of_every_hospital_is_read(spool, clock, tmp_path):
    other = Spool(tmp_path)
    spool.tell(Progress("b", "training", 0, 9))
    other.tell(Progress("a", "reading", 3, 7))
    clock[0] += 1
    spool.tell(Progress("b", "training", 4, 9))
    assert spool.read() == [Progress("a", "reading", 3, 7), Progress("b", "training", 4, 9)]
    spool.clear("b")
    spool.clear("nobody")
    assert [progress.hospital for progress in spool.read()] == ["a"]


def test_it_speaks_at_most_five_times_a_second_but_always_of_a_beginning(spool, clock):
    spool.tell(Progress("a", "training", 0, 9))
    clock[0] += 0.1
    spool.tell(Progress("a", "training", 1, 9))
    assert spool.read()[0].done == 0
    spool.tell(Progress("a", "evaluating", 0, 2))
    assert spool.read()[0].task == "evaluating"
    clock[0] += 0.3
    spool.tell(Progress("a", "evaluating", 1, 2))
    assert spool.read()[0].done == 1


def test_everybody_hears_that_the_run_stops_even_a_process_that_starts_later(spool, tmp_path):
    spool.stop()
    for end in (spool, Spool(tmp_path), pickle.loads(pickle.dumps(spool))):
        with pytest.raises(Interrupted):
            end.tell(Progress("a", "training", 0, 9))
    assert spool.read() == []


def test_nothing_unfinished_is_left_or_read(spool, tmp_path):
    spool.tell(Progress("a", "training", 0, 9))
    (tmp_path / ".a.123").write_text("half of")
    assert len(spool.read()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a.123", "a.json"]
