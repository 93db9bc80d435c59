import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import pytest

from common.process import Process, interrupt, is_alive, this_process


@dataclass
class Child:
    """A process that holds a lock's file open and says when Ctrl-C reaches it."""

    process: subprocess.Popen
    identity: Process


CODE = """
import sys, time
from common.process import this_process
held = open(sys.argv[1], "w")
own = this_process()
try:
    print(own.pid, own.started, own.machine, flush=True)
    time.sleep(120)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.fixture
def child(tmp_path):
    words = [sys.executable, "-c", CODE, str(tmp_path / "lock"), "server.simulate"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    pid, started, machine = process.stdout.readline().split()
    yield Child(process, Process(int(pid), float(started), machine))
    process.kill()
    process.communicate()


def test_a_killed_process_is_dead_at_once_even_while_nobody_asked_for_its_end(child):
    assert is_alive(child.identity) is True
    os.kill(child.identity.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while is_alive(child.identity) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert is_alive(child.identity) is False


def test_another_process_of_the_same_number_is_not_it(child):
    assert is_alive(Process(child.identity.pid, child.identity.started - 60, child.identity.machine)) is False


def test_of_another_machine_nothing_is_known():
    own = this_process()
    assert is_alive(own) is True
    assert is_alive(Process(own.pid, own.started, "elsewhere")) is None
    assert is_alive(Process()) is None


def test_ctrl_c_reaches_the_process_that_holds_the_lock(child, tmp_path):
    assert interrupt(child.identity, tmp_path / "lock") is True
    assert child.process.stdout.readline() == "interrupted\n"


def test_ctrl_c_is_sent_to_no_other(child, tmp_path):
    elsewhere = Process(child.identity.pid, child.identity.started, "elsewhere")
    other = Process(child.identity.pid, child.identity.started - 60, child.identity.machine)
    assert not interrupt(child.identity, tmp_path / "another lock")
    assert not interrupt(elsewhere, tmp_path / "lock")
    assert not interrupt(other, tmp_path / "lock")
    assert not interrupt(this_process(), tmp_path / "lock")
    assert child.process.poll() is None


def test_a_process_that_is_not_this_projects_is_left_alone(tmp_path):
    words = [sys.executable, "-c", CODE, str(tmp_path / "lock")]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        pid, started, machine = process.stdout.readline().split()
        assert not interrupt(Process(int(pid), float(started), machine), tmp_path / "lock")
    finally:
        process.kill()
        process.communicate()
