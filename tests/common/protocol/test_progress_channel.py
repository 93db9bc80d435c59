import pickle

import pytest

from common.errors import Interrupted
from common.protocol import progress_channel as module
from common.protocol.progress_channel import Progress, ProgressChannel


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until a test moves it."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def channel(tmp_path, clock):
    return ProgressChannel(tmp_path)


def test_the_last_word_of_every_hospital_is_read(channel, clock, tmp_path):
    other = ProgressChannel(tmp_path)
    channel.tell(Progress("b", "training", 0, 9))
    other.tell(Progress("a", "reading", 3, 7))
    clock[0] += 1
    channel.tell(Progress("b", "training", 4, 9))
    assert channel.read() == [Progress("a", "reading", 3, 7), Progress("b", "training", 4, 9)]
    channel.clear("b")
    channel.clear("nobody")
    assert [progress.hospital for progress in channel.read()] == ["a"]


def test_it_speaks_at_most_five_times_a_second_but_always_of_a_beginning(channel, clock):
    channel.tell(Progress("a", "training", 0, 9))
    clock[0] += 0.1
    channel.tell(Progress("a", "training", 1, 9))
    assert channel.read()[0].done == 0
    channel.tell(Progress("a", "evaluating", 0, 2))
    assert channel.read()[0].task == "evaluating"
    clock[0] += 0.3
    channel.tell(Progress("a", "evaluating", 1, 2))
    assert channel.read()[0].done == 1


def test_everybody_hears_that_the_run_stops_even_a_process_that_starts_later(channel, tmp_path):
    channel.stop()
    for end in (channel, ProgressChannel(tmp_path), pickle.loads(pickle.dumps(channel))):
        with pytest.raises(Interrupted):
            end.tell(Progress("a", "training", 0, 9))
    assert channel.read() == []


def test_nothing_unfinished_is_left_or_read(channel, tmp_path):
    channel.tell(Progress("a", "training", 0, 9))
    (tmp_path / ".a.123").write_text("half of")
    assert len(channel.read()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a.123", "a.json"]
