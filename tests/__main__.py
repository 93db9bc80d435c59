"""``python -m tests``: every test; those of separate machines mostly wait, and so run beside the others."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEPLOYMENT = "tests/deployment"


def main(options: list[str]) -> int:
    """Run pytest twice at once; return the first exit code that is not zero.

    Parameters
    ----------
    options : list of str
        For both, as pytest takes them.
    """
    pytest = [sys.executable, "-m", "pytest", "--durations=15", *options]
    with tempfile.TemporaryFile() as said:
        apart = subprocess.Popen([*pytest, DEPLOYMENT], cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
        try:
            rest = subprocess.run([*pytest, f"--ignore={DEPLOYMENT}"], cwd=ROOT, check=False).returncode
            print(f"waiting for {DEPLOYMENT} ...", flush=True)
        except KeyboardInterrupt:
            rest = 130
        finally:
            deployment = apart.wait()  # Ctrl-C reached it, too; it ends its SuperLinks first
            said.seek(0)
            print(said.read().decode(errors="replace"), flush=True)
    return rest or deployment


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
