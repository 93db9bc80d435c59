"""A machine whose clock can be set wrong while it works, for the programs that run on it and for nobody else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_SOURCE = Path(__file__).with_name("clock.c")


def own_clock(folder: Path) -> tuple[Path, dict[str, str]] | None:
    """Make a clock; None where there is no C compiler.

    Parameters
    ----------
    folder : Path
        Where to make it.

    Returns
    -------
    tuple of (Path, dict) or None
        A file that holds by how many seconds the clock is ahead, and the environment of a machine that has this clock.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        return None
    library, ahead = folder / "clock.so", folder / "clock"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(_SOURCE), "-ldl"], check=True)
    ahead.write_text("0")
    return ahead, {"LD_PRELOAD": str(library), "TEST_CLOCK": str(ahead)}
