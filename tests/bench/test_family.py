"""What a program costs holds the processes that it leaves behind, and those alone that it started."""

import subprocess
import sys

import pytest

from bench._family import Course, follow

_DAEMON = """
import os, time
from bench._marks import mark
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(0.6)
        held = b'x' * (120 * 2**20)
        mark()
        while time.process_time() < 0.7: pass
        time.sleep(1)
    os._exit(0)
os.wait()
"""


def test_a_daemon_counts_until_it_ends():
    beside = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        course = follow(["-c", _DAEMON])
    finally:
        beside.kill()
        beside.wait()
    assert 0.6 < course.cpu[-1] < 1.5
    assert course.wall > 1.5
    assert course.peak > 120
    assert course.cpu_until(course.marks[0]) < course.cpu[-1] - 0.3


def test_a_program_that_fails_is_quoted():
    with pytest.raises(SystemExit, match=r"(?s)no such hospital.*ended with 3"):
        follow(["-c", "print('no such hospital'); raise SystemExit(3)"])


def test_the_cost_up_to_a_moment_lies_between_two_looks():
    course = Course([10.0, 12.0, 14.0], [0.0, 1.0, 5.0], 0.0, [])
    assert course.cpu_until(11.0) == 0.5
    assert course.cpu_between(11.0, 13.0) == 2.5
