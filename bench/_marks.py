"""Marks: moments that processes of one measured program note, each as a line of the file that ``BENCH_MARKS`` names.

The clock is the machine's, so that marks of several processes stand in one order.
"""

import os
import time
from pathlib import Path

VARIABLE = "BENCH_MARKS"


def mark() -> None:
    """Note this moment; lines of several processes do not mix."""
    file = os.open(os.environ[VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{time.monotonic():.6f}\n".encode())
    os.close(file)


def read_marks(path: Path) -> list[float]:
    """Return all moments in order, none where nobody noted one."""
    return sorted(float(line) for line in path.read_text().splitlines()) if path.exists() else []
