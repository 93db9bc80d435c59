"""What every command does alike: one sentence for an error, a stable exit code, no traceback for Ctrl-C.

Exit codes: 0 done; 1 begun and failed; 2 the command line, the configuration or the data is wrong; 130 stopped by
Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from common.errors import Interrupted, ProjectError


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
    given = parser.parse_args(arguments)
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
    return code


def say(error: ProjectError) -> None:
    """Print an error's sentence to standard error, after everything that was printed before."""
    sys.stdout.flush()
    print(f"error {error}", file=sys.stderr, flush=True)


def leave(error: ProjectError) -> NoReturn:
    """Print an error's sentence and end the process with its exit code."""
    say(error)
    raise SystemExit(error.exit_code)
