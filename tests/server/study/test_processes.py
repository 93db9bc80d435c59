"""Real processes that are no simulation: what they say, how they end, how Ctrl-C reaches them."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.study.processes import CellProcesses, Ended

SCRIPT = """
import os, signal, sys, time
what = sys.argv[1]
if what == "refuse":
    print("error DATA001: There is no folder x.", file=sys.stderr); sys.exit(2)
if what == "die":
    os.kill(os.getpid(), signal.SIGKILL)
if what == "wait":
    caught = []
    signal.signal(signal.SIGINT, lambda *_: caught.append(1))
    open(sys.argv[2], "w").close()
    while not caught: time.sleep(0.01)
    time.sleep(0.2)
    sys.exit(130 if len(caught) == 1 else 99)
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "cell_under_test.py").write_text(SCRIPT)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "cell_under_test"


def test_a_process_that_ends_well_has_no_reason(module):
    with CellProcesses() as processes:
        assert processes.run(["fine"], module) == Ended(0, None)
        assert not processes.stopped
    assert Ended(0, None).reason is None


def test_its_own_sentence_is_the_reason_and_is_passed_on(module, capsys):
    with CellProcesses() as processes:
        assert processes.run(["refuse"], module).reason == "DATA001: There is no folder x."
    assert capsys.readouterr().err == "error DATA001: There is no folder x.\n"


def test_processes_side_by_side_are_quiet_until_one_fails(module, capfd):
    with CellProcesses(2) as processes:
        assert processes.run(["fine"], module).code == 0
        assert capfd.readouterr() == ("", "")
        assert processes.run(["refuse"], module).reason == "DATA001: There is no folder x."
    assert capfd.readouterr().err == "error DATA001: There is no folder x.\n"


def test_a_killed_process_is_no_end_of_the_study(module):
    with CellProcesses() as processes:
        ended = processes.run(["die"], module)
        assert processes.run(["fine"], module).code == 0
    assert ended.reason == "its process was killed by SIGKILL, most often for lack of memory"
    assert Ended(7, None).reason == "it ended with exit code 7"


def test_ctrl_c_reaches_the_process_once_and_the_handlers_come_back(module, tmp_path):
    ready = tmp_path / "ready"

    def press() -> None:
        while not ready.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with CellProcesses() as processes:
        threading.Thread(target=press).start()
        assert processes.run(["wait", str(ready)], module).code == 130
        assert processes.stopped
    assert signal.getsignal(signal.SIGINT) == before


def test_ctrl_c_reaches_every_process_that_is_at_work(module, tmp_path):
    ready = [tmp_path / "one", tmp_path / "other"]

    def press() -> None:
        while not all(path.exists() for path in ready):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    with CellProcesses(2) as processes, ThreadPoolExecutor(2) as pool:
        threading.Thread(target=press).start()
        ended = [pool.submit(processes.run, ["wait", str(path)], module) for path in ready]
        assert [each.result().code for each in ended] == [130, 130]
        assert processes.stopped
