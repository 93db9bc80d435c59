"""``python -m tests``: every test, in three lanes side by side, since tests of separate machines mostly wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTHING_CHOSEN = 5  # pytest's exit code, as of a lane that -m "not slow" leaves empty
LANES = (  # of about the same length; and all others, whose output is seen at once
    tuple(f"tests/deployment/test_{name}.py" for name in ("faults", "network", "resume")),
    ("tests/server",),
)


ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}  # lanes whose threads wait for each other are ten times slower


def main(options: list[str]) -> int:
    """Run pytest once a lane; return the first exit code that is not good.

    Parameters
    ----------
    options : list of str
        For each, as pytest takes them.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests press Ctrl-C, which a job runner may have disabled
    pytest = [sys.executable, "-m", "pytest", "--durations=15", *options]
    others = [f"--ignore={path}" for lane in LANES for path in lane]
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / str(number) for number in range(len(LANES))]
        running = [_start([*pytest, *lane], path) for lane, path in zip(LANES, paths, strict=True)]
        try:
            codes = [subprocess.run([*pytest, *others], cwd=ROOT, env=ONE_THREAD, check=False).returncode]
        except KeyboardInterrupt:
            codes = [130]
        for lane, path, process in zip(LANES, paths, running, strict=True):
            print(f"{' '.join(lane)} ...", flush=True)
            codes.append(process.wait())  # Ctrl-C reached it, too; it ends its SuperLinks first
            print(path.read_text(errors="replace"), flush=True)
    return next((code for code in codes if code not in (0, NOTHING_CHOSEN)), 0)


def _start(command: list[str], said: Path) -> subprocess.Popen[bytes]:
    with said.open("wb") as file:
        return subprocess.Popen(command, cwd=ROOT, env=ONE_THREAD, stdout=file, stderr=subprocess.STDOUT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
