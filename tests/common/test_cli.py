"""Every command's manners: one sentence, the exit code that goes with it, and no traceback for what a person does."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from common import cli
from common.errors import InputError, Interrupted, RunError


def run(task, *arguments):
    command = cli.command("x", "For the test.")
    command.add_argument("--name")
    return cli.run(task, command, arguments)


@pytest.mark.parametrize(("answer", "code"), [(None, 0), (0, 0), (1, 1), (130, 130)])
def test_the_task_gets_the_flags_and_says_the_exit_code(answer, code):
    got = []
    assert run(lambda given: got.append(given.name) or answer, "--name", "jaipur") == code
    assert got == ["jaipur"]


@pytest.mark.parametrize(("error", "code"), [(InputError, 2), (RunError, 1), (Interrupted, 130)])
def test_an_error_is_one_sentence_on_standard_error(capsys, error, code):
    def task(given):
        raise error("ABC001", "Something is wrong; do this.")

    assert run(task) == code
    assert capsys.readouterr().err == "error ABC001: Something is wrong; do this.\n"


def test_ctrl_c_leaves_130_without_a_traceback(capsys):
    def task(given):
        raise KeyboardInterrupt

    assert run(task) == 130
    assert capsys.readouterr().err == "error RUN130: Stopped by Ctrl-C.\n"


def test_an_unknown_flag_is_argparse_s_own_affair(capsys):
    with pytest.raises(SystemExit) as leaving:
        run(lambda given: None, "--colour", "red")
    assert leaving.value.code == 2
    assert "usage: python -m x" in capsys.readouterr().err


def test_what_was_printed_before_comes_first_and_a_reader_that_leaves_is_no_traceback():
    program = (
        "import sys; from common import cli; from common.errors import RunError\n"
        "def task(given):\n    print('said first')\n    raise RunError('ABC001', 'Then this.')\n"
        "sys.exit(cli.run(task, cli.command('x', 'x'), []))"
    )
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert (done.returncode, done.stdout) == (1, "said first\nerror ABC001: Then this.\n")

    program = (
        "import sys; from common import cli\n"
        "def task(given):\n    for _ in range(100_000):\n        print('a line')\n"
        "sys.exit(cli.run(task, cli.command('x', 'x'), []))"
    )
    talking = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    talking.stdout.readline()
    talking.stdout.close()
    assert talking.stderr.read() == b""
    assert talking.wait() == 1


def test_a_wish_to_stop_is_remembered_and_ends_a_wait():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        stop = cli.StopSignal()
        assert not stop.wait(0.01)
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()
        began = time.monotonic()
        assert stop.wait(30)
        assert time.monotonic() - began < 10
        assert stop.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
