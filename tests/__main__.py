"""``python -m tests``: every test, in three lanes side by side, since tests of separate machines mostly wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTHING_CHOSEN = 5  # pytest's exit code, as of a part that -m "not slow" leaves empty
LANES = 3
REST = ("tests",)
PARTS = (  # a lane that is free takes the next one: long ones first, those of several machines not side by side, and at
    # the end one that keeps several cores busy by itself
    ("tests/deployment/test_faults.py",),
    ("tests/server",),
    ("tests/dashboard",),
    ("tests/server/study", "tests/server/comparison", "tests/server/federation", "tests/server/recording"),
    ("tests/deployment",),
    REST,
    ("tests/bench", "tests/surface"),
    ("tests/server/test_ray.py",),
)
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}  # lanes whose threads wait for each other are ten times slower


def main(options: list[str]) -> int:
    """Run pytest once a part, and for all that is in none; return the first exit code that is not good.

    Parameters
    ----------
    options : list of str
        For each, as pytest takes them.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests press Ctrl-C, which a job runner may have disabled
    pytest = [sys.executable, "-m", "pytest", "--durations=15", *options]
    with ThreadPoolExecutor(LANES) as lanes:
        codes = lanes.map(partial(_run, pytest), PARTS)
        try:
            return next((code for code in list(codes) if code not in (0, NOTHING_CHOSEN)), 0)
        except KeyboardInterrupt:  # it reached those that run, too; they end their SuperLinks first
            lanes.shutdown(cancel_futures=True)
            return 130


def _run(pytest: list[str], paths: tuple[str, ...]) -> int:
    """Run a part and print what it said, when it is over."""
    name = " ".join(paths) if paths != REST else "all others"
    print(f"begins: {name}", flush=True)
    with tempfile.TemporaryFile() as said:
        command = [*pytest, *paths, *_of_others(paths)]
        code = subprocess.run(command, cwd=ROOT, env=ONE_THREAD, stdout=said, stderr=subprocess.STDOUT).returncode
        said.seek(0)
        print(f"ended:  {name}\n{said.read().decode(errors='replace')}", flush=True)
    return code


def _of_others(paths: tuple[str, ...]) -> list[str]:
    """Leave out what lies in these paths and is another part."""
    others = {Path(path) for part in PARTS for path in part}
    return [f"--ignore={other}" for other in sorted(others) if not {*map(Path, paths)}.isdisjoint(other.parents)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
