"""Is the stated confidence honest, and which temperature makes it so? Both from sums that hospitals add up.

Reliability comes from predictions counted by their confidence. Temperature scaling is that of Guo et al., "On
Calibration of Modern Neural Networks" (ICML 2017): all scores are divided by one number T, chosen so that the negative
log-likelihood of the validation slices is smallest. T changes no predicted class. Here every hospital returns that
likelihood's sum at each temperature of a fixed grid; sums add up, so the server, which sees no prediction, chooses the
very one that the pooled predictions would give.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

NUM_BINS = 10

GRID: tuple[float, ...] = tuple(2.0 ** (step / 32) for step in range(-64, 65))
"""Temperatures: 0.25 to 4 in steps of 2.2 %, 1 among them; finer steps change no probability by a whole point."""

Sums = npt.NDArray[np.float64]
"""A negative log-likelihood, summed over cases, at each of the 129 temperatures of `GRID`; nats."""


@dataclass(frozen=True)
class Bin:
    """The cases whose confidence, a fraction, lies in (lower, upper], and how many of them were right."""

    lower: float
    upper: float
    count: int
    confidence_sum: float
    correct: int

    @property
    def confidence(self) -> float:
        """Mean confidence; only where `count` is not 0."""
        return self.confidence_sum / self.count

    @property
    def accuracy(self) -> float:
        """Share correct; only where `count` is not 0."""
        return self.correct / self.count


def bin_confidences(
    confidence: npt.NDArray[np.floating[Any]], correct: npt.NDArray[np.bool_], bins: int = NUM_BINS
) -> list[Bin]:
    """Count predictions by their confidence, in bins of equal width, empty ones included.

    Parameters
    ----------
    confidence : ndarray of float, shape [N]
        The largest probability of each case, 0 to 1.
    correct : ndarray of bool, shape [N]
        Whether the class with that probability was the true one.
    """
    edges = np.linspace(0.0, 1.0, bins + 1)
    place = np.clip(np.digitize(confidence, edges, right=True) - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    sums = np.bincount(place, weights=np.asarray(confidence, dtype=np.float64), minlength=bins)
    right = np.bincount(place, weights=np.asarray(correct, dtype=np.float64), minlength=bins)
    return [
        Bin(float(edges[i]), float(edges[i + 1]), int(counts[i]), float(sums[i]), int(right[i])) for i in range(bins)
    ]


def add_bins(parts: Iterable[Sequence[Bin]]) -> list[Bin]:
    """Add the bins of several hospitals, which must have the same edges.

    Raises
    ------
    ValueError
        The edges differ.
    """
    total: list[Bin] = []
    for part in parts:
        total = [_add(one, other) for one, other in zip(total, part, strict=True)] if total else list(part)
    return total


def _add(one: Bin, other: Bin) -> Bin:
    if (one.lower, one.upper) != (other.lower, other.upper):
        raise ValueError(f"bins differ: {one.lower}..{one.upper} and {other.lower}..{other.upper}")
    count, correct = one.count + other.count, one.correct + other.correct
    return Bin(one.lower, one.upper, count, one.confidence_sum + other.confidence_sum, correct)


def expected_calibration_error(bins: Sequence[Bin]) -> float | None:
    """Return the mean distance of confidence and share correct, weighted by cases, a fraction; None without a case."""
    total = sum(part.count for part in bins)
    if total == 0:
        return None
    return sum(abs(part.confidence_sum - part.correct) for part in bins) / total


def to_counts(bins: Sequence[Bin]) -> list[float]:
    """Return count, sum of confidences and right answers of each bin in turn, as a message carries them."""
    return [float(value) for part in bins for value in (part.count, part.confidence_sum, part.correct)]


def from_counts(counts: Sequence[float]) -> list[Bin]:
    """Read what `to_counts` wrote, for bins of equal width.

    Raises
    ------
    ValueError
        The length is no multiple of three, a number is negative or not finite, or a count is not whole.
    """
    table = np.asarray(counts, dtype=np.float64).reshape(-1, 3)
    if not np.isfinite(table).all() or (table < 0).any():
        raise ValueError("bins must hold finite numbers from 0")
    if (table[:, [0, 2]] % 1).any() or (table > 2.0**53).any():
        raise ValueError("bins must hold whole counts")
    edges = np.linspace(0.0, 1.0, len(table) + 1)
    return [
        Bin(float(edges[i]), float(edges[i + 1]), int(row[0]), float(row[1]), int(row[2]))
        for i, row in enumerate(table)
    ]


def to_json(bins: Sequence[Bin]) -> dict[str, Any]:
    """Return what ``model_meta.json`` keeps under ``metrics.calibration``."""
    return {"bins": [asdict(part) for part in bins], "ece": expected_calibration_error(bins)}


def from_json(recorded: Any) -> list[Bin]:
    """Read ``metrics.calibration`` back; bins that are no bins are left out, and ``[]`` means not recorded."""
    body = recorded.get("bins") if isinstance(recorded, Mapping) else None
    found = [_read_bin(item) for item in body] if isinstance(body, list) else []
    return [part for part in found if part is not None]


def _read_bin(item: Any) -> Bin | None:
    try:
        lower, upper, total = (float(item[name]) for name in ("lower", "upper", "confidence_sum"))
        part = Bin(lower, upper, int(item["count"]), total, int(item["correct"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    sound = 0 <= part.lower < part.upper <= 1 and 0 <= part.correct <= part.count <= 2**53
    return part if sound and 0 <= part.confidence_sum <= part.count else None


def add_sums(parts: Iterable[Sums]) -> Sums:
    """Add several hospitals' sums; none at all gives zeros."""
    return sum(parts, start=np.zeros(len(GRID)))


def best_temperature(sums: Sums) -> float | None:
    """Return the temperature with the smallest sum, of equals the one nearest to 1; None without a case."""
    if not sums.any():
        return None
    equals = np.flatnonzero(sums == sums.min())
    return GRID[min(equals, key=lambda index: abs(index - len(GRID) // 2))]


def is_at_edge(temperature: float) -> bool:
    """Tell whether a temperature is an end of `GRID`, so that the true optimum may lie beyond it."""
    return not GRID[0] < temperature < GRID[-1]


def in_range(temperature: float) -> bool:
    """Tell whether a number can be a temperature of this project: within the ends of `GRID`."""
    return GRID[0] <= temperature <= GRID[-1]


SURE = 1.92
"""Nats that a temperature must gain over all validation slices: half of 3.84, the likelihood ratio's 95 % point."""


@dataclass(frozen=True)
class TemperatureChoice:
    """Whether a temperature is applied, and what that rests on; figures are None where nothing was measured."""

    fitted: float | None = None
    """The best of `GRID` for the validation slices; None where none was fitted."""
    slices: int | None = None
    """Validation slices that it was tried on."""
    gain: float | None = None
    """Nats by which it lowers their negative log-likelihood, in all."""
    error: float | None = None
    """Their expected calibration error as it is, a fraction."""
    calibrated_error: float | None = None
    """The same with the temperature."""

    @property
    def applied(self) -> float | None:
        """The temperature, where it helps: it gains more than chance would, and the calibration error falls."""
        if self.gain is None or self.error is None or self.calibrated_error is None:
            return None
        return self.fitted if self.gain >= SURE and self.calibrated_error < self.error else None

    def to_json(self) -> dict[str, Any]:
        """Return what ``model_meta.json`` keeps."""
        return {**asdict(self), "applied": self.applied is not None}


def choose_temperature(
    fitted: float, nll: Sequence[Sums], bins: Sequence[Sequence[Bin]], calibrated: Sequence[Sequence[Bin]]
) -> TemperatureChoice:
    """Try a temperature of `GRID` on the validation slices of all hospitals.

    Parameters
    ----------
    nll, bins, calibrated : sequences
        Each hospital's sums, and its slices by confidence, as stated and with the temperature.
    """
    plain, heated = add_bins(bins), add_bins(calibrated)
    error, after = expected_calibration_error(plain), expected_calibration_error(heated)
    if error is None or after is None:
        return TemperatureChoice(fitted)
    sums = add_sums(nll)
    gain = float(sums[GRID.index(1.0)] - sums[GRID.index(fitted)])
    return TemperatureChoice(fitted, sum(part.count for part in plain), gain, error, after)
