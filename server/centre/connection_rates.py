"""How often new connections may come: from one address, and from all addresses together that nobody knows.

Each address has a bucket that fills at its rate and holds twenty seconds' worth. Times are seconds that never go back.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

BURST_SECONDS = 20.0
_TRUST_SECONDS = 3600.0
_MOST_ADDRESSES = 4096


@dataclass(frozen=True)
class RateLimits:
    """New connections a second."""

    an_address: float = 5.0
    all_unknown: float = 50.0
    """Of all addresses together from which no hospital has signed."""
    a_known_address: float = 50.0
    """Of one from which a hospital has signed within the last hour; others may share it."""


@dataclass
class _Bucket:
    left: float
    at: float

    def take(self, rate: float, now: float) -> bool:
        self.left = min(rate * BURST_SECONDS, self.left + (now - self.at) * rate)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass
class ConnectionRates:
    """Counts who came lately."""

    clock: Callable[[], float]
    limits: RateLimits = RateLimits()
    _buckets: dict[str, _Bucket] = field(default_factory=dict)
    _known: dict[str, float] = field(default_factory=dict)  # address: when a hospital signed from there last
    _unknown: _Bucket = field(default_factory=lambda: _Bucket(float("inf"), 0.0))

    def allow(self, address: str) -> bool:
        """Count one more connection; tell whether it may come in."""
        now = self.clock()
        if now - self._known.get(address, -_TRUST_SECONDS) < _TRUST_SECONDS:
            return self._take(address, self.limits.a_known_address, now)
        return self._take(address, self.limits.an_address, now) and self._unknown.take(self.limits.all_unknown, now)

    def trust(self, address: str) -> None:
        """Note that a hospital has signed from an address just now."""
        if self._known.pop(address, None) is None:
            self._buckets.pop(address, None)
        self._known[address] = self.clock()
        if len(self._known) > _MOST_ADDRESSES:
            del self._known[next(iter(self._known))]

    def _take(self, address: str, rate: float, now: float) -> bool:
        bucket = self._buckets.pop(address, None) or _Bucket(rate * BURST_SECONDS, now)
        self._buckets[address] = bucket  # the last that came
        if len(self._buckets) > _MOST_ADDRESSES:
            del self._buckets[next(iter(self._buckets))]
        return bucket.take(rate, now)
