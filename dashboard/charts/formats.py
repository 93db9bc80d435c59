"""How numbers, sizes and times are written on every page; what is missing is a dash, never a zero."""

from dataclasses import dataclass
from datetime import datetime

from common.artifacts import words
from common.artifacts.values import moment
from common.config.strategies import STRATEGIES
from common.metrics.confusion import is_few
from common.metrics.intervals import Interval

MISSING = words.NOTHING


def percent(value: float | None) -> str:
    """Write a fraction as "90.8 %"."""
    return MISSING if value is None else f"{value * 100:.1f} %"


def points(value: float | None) -> str:
    """Write a difference of fractions in percentage points, "+2.8 pp" (ASCII minus: `st.metric` reads the sign)."""
    return MISSING if value is None else f"{value * 100:+.1f} pp"


def is_nothing(difference: str) -> bool:
    """Whether a difference is none as it is written: "+0.0 pp" is, and then no colour may say better or worse."""
    return not any(sign in "123456789" for sign in difference)


def loss(value: float | None) -> str:
    """Write a loss with three decimals."""
    return MISSING if value is None else f"{value:.3f}"


def whole(value: int | None) -> str:
    """Write a count as "19,337"."""
    return MISSING if value is None else f"{value:,}"


def interval(ends: Interval | None) -> str:
    """Write an interval of fractions as "88.1–92.0 %"."""
    return MISSING if ends is None else f"{words.interval_text(ends)} %"


def size(value: float | None) -> str:
    """Write bytes in decimal units: "268.7 MB"."""
    if value is None:
        return MISSING
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= scale:
            return f"{value / scale:.1f} {unit}"
    return f"{value:.0f} B"


def duration(seconds: float | None) -> str:
    """Write seconds as "4.2 s", "106 s", "22 min" or "3 h 05 min"."""
    if seconds is None:
        return MISSING
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"


def when(value: str | None) -> str:
    """Write a recorded time in local time with its zone: "2026-11-23 06:15 UTC"."""
    found = moment(value)
    return MISSING if found is None else f"{found:%Y-%m-%d %H:%M} {found.tzname() or ''}".strip()


def clock(value: datetime) -> str:
    """Write the time of day, "06:15"."""
    return f"{value.astimezone():%H:%M}"


def strategy(name: str | None) -> str:
    """Write a strategy's name as its authors do."""
    if not name:
        return "strategy not recorded"
    return STRATEGIES[name.lower()].title if name.lower() in STRATEGIES else name


@dataclass(frozen=True)
class Share:
    """A fraction and its 95 % interval; None where it is not recorded or there is no case."""

    value: float | None = None
    interval: Interval | None = None


def share(found: Share) -> str:
    """Write a share with its interval: "90.8 % (88.1–92.0)"."""
    if found.interval is None:
        return percent(found.value)
    return f"{percent(found.value)} ({words.interval_text(found.interval)})"


def share_of(found: Share, cases: int | None) -> str:
    """Write a share with its interval, rounded, and the cases it rests on; few are marked: "90 % (70–97) of 19*"."""
    if found.value is None or cases is None:
        return share(found)
    ends = f" ({words.interval_text(found.interval, 0)})" if found.interval else ""
    return f"{found.value * 100:.0f} %{ends} of {words.marked(cases, is_few(cases))}"
