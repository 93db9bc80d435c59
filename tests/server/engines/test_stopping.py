import os
import signal
import threading

import pytest
from rich.console import Console

from common.errors import Interrupted
from common.protocol.progress_channel import Progress, ProgressChannel
from server.engines import stopping
from server.engines.stopping import Stopper, leave_if_stuck


@pytest.fixture
def console():
    return Console(record=True, quiet=False, file=open(os.devnull, "w"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_server_and_hospitals_to_stop(tmp_path, console, number):
    event, channel = threading.Event(), ProgressChannel(tmp_path)
    with Stopper(event, channel, console):
        os.kill(os.getpid(), number)
        assert event.wait(5)
    with pytest.raises(Interrupted):
        channel.tell(Progress("a", "training", 0, 1))
    assert "Stopping after the present batch" in console.export_text()


def test_asked_twice_it_leaves_at_once(tmp_path, console, monkeypatch):
    left = []
    monkeypatch.setattr(stopping.os, "_exit", left.append)
    with Stopper(threading.Event(), ProgressChannel(tmp_path), console):
        os.kill(os.getpid(), signal.SIGINT)
        assert left == []
        os.kill(os.getpid(), signal.SIGINT)
    assert left[0] == 130


def test_afterwards_the_signals_are_as_they_were(tmp_path, console):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(ZeroDivisionError), Stopper(threading.Event(), ProgressChannel(tmp_path), console):
        raise ZeroDivisionError
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_process_that_hangs_when_all_is_written_ends_all_the_same(monkeypatch):
    left = threading.Event()
    monkeypatch.setattr(stopping, "_GRACE_SECONDS", 0.01)
    monkeypatch.setattr(stopping.os, "_exit", lambda code: left.set())
    leave_if_stuck(0)
    assert left.wait(5)
