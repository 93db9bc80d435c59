"""How long a run has worked: the time of every process that worked on it, without the pauses between them."""

from collections.abc import Sequence
from datetime import datetime

from common.artifacts.live.record import Live
from common.artifacts.schema import Round, Status
from common.artifacts.values import moment


def earlier_seconds(status: Status, rounds: Sequence[Round]) -> float | None:
    """Return how long processes before the last one worked on a run, None where that is not recorded.

    Runs of earlier versions record nothing of it; one that was never resumed has its rounds after its only start.
    """
    if status.earlier_seconds is not None:
        return status.earlier_seconds
    started = moment(status.started_at)
    first = moment(rounds[0].started_at) if rounds else None
    return 0.0 if started and (first is None or first >= started) else None


def last_word(status: Status, live: Live | None) -> datetime | None:
    """Return when the run's last process was heard last: its end, if it could write it down."""
    said = (status.ended_at or status.updated_at, live.alive_at if live else None)
    return max(filter(None, map(moment, said)), default=None)


def worked_seconds(status: Status, rounds: Sequence[Round], until: datetime | None) -> float | None:
    """Return how long a run has worked until a moment, over every process; None where that is not recorded."""
    before, started = earlier_seconds(status, rounds), moment(status.started_at)
    if before is None or started is None or until is None:
        return None
    return before + max(0.0, (until - started).total_seconds())
