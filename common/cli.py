"""What every command does alike: one sentence for an error, a stable exit code, no traceback for Ctrl-C.

Exit codes: 0 done; 1 begun and failed; 2 the command line, the configuration or the data is wrong; 130 stopped by
Ctrl-C.
"""

import argparse
import io
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import NoReturn

from common.errors import InputError, Interrupted, ProjectError
from common.text import shown

_LONGEST_SENTENCE = 2000


def command(module: str, description: str, epilog: str | None = None) -> argparse.ArgumentParser:
    """Return the command line of ``python -m <module>``, without flags so far."""
    return argparse.ArgumentParser(prog=f"python -m {module}", description=description, epilog=epilog)


def run(
    task: Callable[[argparse.Namespace], int | None],
    parser: argparse.ArgumentParser,
    arguments: Sequence[str] | None = None,
) -> int:
    """Parse a command line, do the task, and return the exit code.

    Parameters
    ----------
    task : callable
        Gets the flags; returns an exit code or None (done); raises `ProjectError` for what a person can act on.
    arguments : sequence of str, optional
        Instead of the process's own.
    """
    print_anything()
    given = parser.parse_intermixed_args(arguments)  # flags may stand between a run's number and its settings
    try:
        code = task(given) or 0
        sys.stdout.flush()
    except ProjectError as error:
        say(error)
        return error.exit_code
    except KeyboardInterrupt:
        say(Interrupted("RUN130", "Stopped by Ctrl-C."))
        return Interrupted.exit_code
    except BrokenPipeError:  # whoever read the output has left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        say(unusable(error))
        return InputError.exit_code
    return code


def unusable(error: OSError) -> InputError:
    """Say of which file or folder an error of the operating system is, for a place where no other sentence is."""
    place = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes | os.PathLike) else error.filename
    return InputError("FILE001", f"{place} cannot be used ({error.strerror}); choose another file or folder.")


def print_anything() -> None:
    """Print with escapes what the terminal has no sign for, such as a file's name that is no text."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class StopSignal:
    """Ctrl-C and SIGTERM, remembered instead of obeyed at once. An Event could deadlock: a handler may not wait."""

    def __init__(self) -> None:
        self.is_set = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._remember)

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until somebody asks to stop; tell whether somebody did."""
        end = time.monotonic() + seconds
        while not self.is_set and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))
        return self.is_set

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.is_set = True


def say(error: ProjectError) -> None:
    """Print an error's sentence to standard error, on one line, after everything that was printed before."""
    sys.stdout.flush()
    print(f"error {shown(error, _LONGEST_SENTENCE)}", file=sys.stderr, flush=True)


def leave(error: ProjectError) -> NoReturn:
    """Print an error's sentence and end the process with its exit code."""
    say(error)
    raise SystemExit(error.exit_code)
