"""Where a running run stands: how long it still takes, whether it still lives, each round in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from common.artifacts.schema import Round, Run
from dashboard.charts import formats

STALE_FACTOR = 3.0
STALE_AT_LEAST = 60.0


@dataclass(frozen=True)
class Progress:
    """A run's progress.

    Attributes
    ----------
    done, total : int
        Complete rounds and all rounds.
    seconds_left : float or None
        Until the last round, from the median of the last five; None if that is not known.
    expected_end : datetime or None
        When that would be.
    silent_for : float or None
        Seconds since the run last wrote its status; None if it never said.
    stale : bool
        Whether a run that calls itself running has been silent for three rounds' time or more.
    """

    done: int
    total: int
    seconds_left: float | None
    expected_end: datetime | None
    silent_for: float | None
    stale: bool


def progress(run: Run, now: datetime) -> Progress:
    """Work out a run's progress at a moment."""
    done = run.rounds[-1].number if run.rounds else 0
    total = max(run.status.rounds or done, done)
    recent = [round_.seconds for round_ in run.rounds[-5:] if round_.seconds is not None]
    typical = median(recent) if recent else None
    updated = formats.parse_time(run.status.updated_at)
    silent = max(0.0, (now - updated).total_seconds()) if updated else None
    stale = silent is not None and typical is not None and silent > max(STALE_FACTOR * typical, STALE_AT_LEAST)
    left = _seconds_left(run, typical, total - done, now) if run.state == "running" and not stale else None
    end = now + timedelta(seconds=left) if left is not None else None
    return Progress(done, total, left, end, silent, stale and run.state == "running")


def in_words(round_: Round) -> str:
    """Tell one round in a line: "3 of 3 hospitals · 268.7 MB · 106 s · accuracy 88.0 %"."""
    parts = []
    if round_.asked:
        parts.append(f"{len(round_.replied)} of {len(round_.asked)} hospitals")
    if round_.bytes_total is not None:
        parts.append(formats.size(round_.bytes_total))
    if round_.seconds is not None:
        parts.append(formats.duration(round_.seconds))
    parts.append(f"accuracy {formats.percent(round_.val_accuracy)}")
    parts.append(f"loss {formats.loss(round_.val_loss)}")
    return " · ".join(parts)


def failures_in_words(round_: Round) -> list[str]:
    """Tell who failed in a round, in which phase, and why, a sentence each."""
    verbs = {"train": "did not train", "evaluate": "did not evaluate"}
    return [f"{f.hospital} {verbs.get(f.phase, f'failed in {f.phase}')}: {f.reason}" for f in round_.failed]


def _seconds_left(run: Run, typical: float | None, rounds_left: int, now: datetime) -> float | None:
    if typical is None:
        return None
    last = formats.parse_time(run.rounds[-1].started_at) if run.rounds else None
    finished = last + timedelta(seconds=run.rounds[-1].seconds or 0.0) if last else None
    spent = min(typical, max(0.0, (now - finished).total_seconds())) if finished and rounds_left else 0.0
    return max(0.0, rounds_left * typical - spent)
