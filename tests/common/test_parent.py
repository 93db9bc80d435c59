"""A process ends with the one that started it, also while it waits for its threads."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

CHILD = """
import signal, sys, threading, time
from concurrent.futures import ThreadPoolExecutor, as_completed
from common import parent

def stop(number, frame):
    raise KeyboardInterrupt

parent._LOOK_SECONDS, parent._GRACE_SECONDS = 0.05, 1.0
signal.signal(signal.SIGTERM, stop)
parent.leave_with_parent()
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
