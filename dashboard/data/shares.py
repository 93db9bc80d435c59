"""A share with its 95 % interval, and how it is written; apart from `results` so that it brings no heavy library."""

from __future__ import annotations

from dataclasses import dataclass

from common.metrics.confusion import FEW_CASES, is_few
from dashboard.charts import formats

__all__ = ["FEW_CASES", "Share", "written", "written_of"]


@dataclass(frozen=True)
class Share:
    """A fraction and its 95 % interval; None where it is not recorded or there is no case."""

    value: float | None = None
    interval: tuple[float, float] | None = None


def written_of(share: Share, cases: int | None) -> str:
    """Write a share with its interval, rounded, and the cases it rests on; few are marked: "90 % (70–97) of 19*"."""
    if share.value is None or cases is None:
        return written(share)
    ends = f" ({share.interval[0] * 100:.0f}–{share.interval[1] * 100:.0f})" if share.interval else ""
    return f"{share.value * 100:.0f} %{ends} of {cases:,}{'*' * is_few(cases)}"


def written(share: Share) -> str:
    """Write a share with its interval: "90.8 % (88.1–92.0)"."""
    if share.interval is None:
        return formats.percent(share.value)
    return f"{formats.percent(share.value)} ({share.interval[0] * 100:.1f}–{share.interval[1] * 100:.1f})"
