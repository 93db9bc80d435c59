"""PRE006: memory for the network, a batch, and Flower's own processes."""

from __future__ import annotations

import os

from clients.checks.outcome import Check, Situation

_NEEDED_BYTES = 2 * 2**30  # measured with ResNet18 at 224 px in batches of 32
_TIGHT = 1.5


def _look(situation: Situation) -> tuple[str, str]:
    free = available_bytes()
    if free is None:
        return "skipped", "This system does not say how much memory is free."
    pixels = (situation.data.image_size / 224) ** 2 * situation.train.batch_size / 32
    needed = _NEEDED_BYTES * (0.5 + 0.5 * pixels)
    text = f"{free / 2**30:.1f} GiB available, about {needed / 2**30:.1f} are needed"
    if free < needed:
        return "failed", f"{text}; end other programs, or use a machine with more."
    if free < _TIGHT * needed:
        return "warning", f"{text}: tight."
    return "ok", f"{text}."


def available_bytes() -> int | None:
    """Return the memory that a new program may use, or None where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            line = next(line for line in file if line.startswith("MemAvailable:"))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration, ValueError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return None


CHECK = Check("PRE006", "memory", _look)
