import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from rich.console import Console

from common.errors import Interrupted
from common.protocol.progress_channel import Progress, ProgressChannel
from server.engines import stopping
from server.engines.stopping import Stopper, leave_if_stuck

ROOT = Path(__file__).resolve().parents[3]


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


CHILD = """
import signal, sys, threading, time
from concurrent.futures import ThreadPoolExecutor, as_completed
from server.engines import stopping

def stop(number, frame):
    raise KeyboardInterrupt

stopping._LOOK_SECONDS, stopping._GRACE_SECONDS = 0.05, 1.0
signal.signal(signal.SIGTERM, stop)
stopping.leave_with_parent()
pool = ThreadPoolExecutor(1)
sending = pool.submit(lambda: time.sleep(600))
print("waiting", flush=True)
try:
    for each in as_completed([sending]):
        pass
except KeyboardInterrupt:
    print("written down", flush=True)
"""
PARENT = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1]]).wait()"


def test_a_process_that_waits_for_its_threads_ends_with_the_one_that_started_it():
    """The SuperLink was killed while a model was being sent: the run is marked, and nothing stays behind."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert parent.stdout.readline() == "waiting\n"
    parent.kill()
    assert parent.stdout.read() == "written down\n", "it ends where the last writer of the pipe does"
    parent.wait()
