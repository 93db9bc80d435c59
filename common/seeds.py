"""One seed, many independent streams, the same on every machine."""

import hashlib


def stream_seed(*parts: int | str) -> int:
    """Derive a seed of 63 bits for one purpose, such as ``stream_seed(42, "aiims_delhi", "order", 3)``."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
