"""One seed, many independent streams, the same on every machine."""

from __future__ import annotations

import hashlib


def stream_seed(*parts: int | str) -> int:
    """Derive a seed for one purpose, such as ``stream_seed(42, "aiims_delhi", "order", 3)``.

    Parameters
    ----------
    *parts : int or str
        The run's seed and whatever names the purpose.

    Returns
    -------
    int
        63 bits of the SHA-256 of the parts.
    """
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
