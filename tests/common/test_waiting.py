"""A process that works is waited for, one that does nothing is not."""

import subprocess
import sys
import time

from common.waiting import Patience

CHILD_WORKS = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"


def looks(code: str, seconds: float) -> bool:
    """Tell whether the patience with a process that runs some code ends within a time."""
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    try:
        patience, end = Patience(process.pid, idle_seconds=2.0), time.monotonic() + seconds
        while time.monotonic() < end:
            if patience.is_over():
                return True
            time.sleep(0.05)
        return False
    finally:
        subprocess.run(["pkill", "-9", "-s", str(process.pid)], check=False)
        process.wait()


def test_one_that_works_is_waited_for():
    assert not looks("while True: pass", 4.0)


def test_so_is_one_whose_child_works():
    assert not looks(CHILD_WORKS, 4.0)


def test_one_that_sleeps_is_not():
    assert looks("import time; time.sleep(60)", 30.0)


def test_nor_is_one_that_is_gone():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    patience = Patience(process.pid, idle_seconds=0.0)
    time.sleep(0.01)
    patience.is_over()
    time.sleep(0.01)
    assert patience.is_over()
