"""This project's commands, run one after the other in one child process, so that PyTorch is imported once.

Each runs as ``python -m module argument ...`` does; only its name is known here, not where its code lies.
"""

import contextlib
import io
import json
import os
import runpy
import subprocess
import sys
import traceback
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
WIDTH = "1000"  # columns: help texts are not wrapped, so that Python versions that wrap differently agree


@dataclass(frozen=True)
class Ended:
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


class Commands:
    """The child process."""

    def __enter__(self) -> Self:
        own = {"COLUMNS": WIDTH, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.surface.commands"],
            cwd=ROOT,
            env={**os.environ, **own},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.communicate()

    def run(self, module: str, *arguments: str) -> Ended:
        """Run a command, and return what it left."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([module, *arguments]), file=self._process.stdin, flush=True)
        return Ended(**json.loads(self._process.stdout.readline()))


def _ended(module: str, arguments: list[str]) -> Ended:
    sys.argv = [module, *arguments]
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        except Exception:
            traceback.print_exc()
            code = -1
    return Ended(code, out.getvalue(), err.getvalue())


def _answer() -> None:
    """Take commands from standard input; whatever else is printed must not get between the answers."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        module, *arguments = json.loads(line)
        print(json.dumps(asdict(_ended(module, arguments))), file=answers, flush=True)


if __name__ == "__main__":
    _answer()
