"""What Training begins with: how far a run is, or which round was best and whether more would have helped."""

from datetime import datetime

from common.artifacts.schema import Round, Run
from common.metrics.intervals import Interval, wilson
from common.text import listed
from dashboard.charts import formats
from dashboard.charts.formats import Share
from dashboard.data.live import Now
from dashboard.data.rounds import ACCURACY, progress
from dashboard.data.verdicts.verdict import Verdict, about

ENDED = {"failed": "Failed", "interrupted": "Stopped"}
GONE = {"dead": "Not running", "silent": "No sign of life"}
NONE_COMPLETE = "No round is complete."


def of_run(run: Run, now: Now, at: datetime) -> Verdict | None:
    """Say where a run stands at a moment; None where it recorded no round and is not running."""
    if run.state == "running":
        return _under_way(run, now, at)
    best = _best(run)
    if run.state in ENDED:
        of = f" of {run.status.rounds}" if run.status.rounds else ""
        ended = f"Ended after round {run.rounds[-1].number}{of}, without a test." if run.rounds else NONE_COMPLETE
        return Verdict("caution", (ended, *([best] if best else [])), ENDED[run.state])
    return Verdict("fine", (best,), "Finished") if best else None


def _under_way(run: Run, now: Now, at: datetime) -> Verdict:
    state = progress(run, at)
    if now.kind in GONE:
        done = f"Round {state.done} of {state.total} was the last that is complete." if state.done else NONE_COMPLETE
        return Verdict("caution", (done,), GONE[now.kind])
    if not run.rounds:
        return Verdict("fine", (f"Round 1{f' of {state.total}' if state.total else ''} is under way.",), "Running")
    last, missing = run.rounds[-1], _missing(run.rounds[-1])
    said = [f"Round {last.number} of {state.total}"]
    if last.asked and not run.pooled:
        said.append(f"{listed(missing)} did not reply" if missing else f"all {len(last.asked)} hospitals replied")
    if state.seconds_left is not None:
        said.append(f"about {formats.duration(state.seconds_left)} left")
    return Verdict("caution" if missing else "fine", (", ".join(said) + ".",), "" if missing else "Running")


def _missing(record: Round) -> list[str]:
    return sorted(set(record.asked) - set(record.replied))


def _best(run: Run) -> str | None:
    """Name the best round, and since when no round was clearly better."""
    best = ACCURACY.best(run.rounds)
    if best is None:
        return None
    value, number = best
    ends = {each.number: interval(each) for each in run.rounds}
    said = f"Best in round {number}: {about(Share(value, ends[number]))} of the validation slices"
    since = _no_gain_since(run, value, ends)
    if since is None:
        return f"{said}; whether more rounds would help cannot be told."
    if since >= run.rounds[-1].number:
        return f"{said}; still rising at the end, so more rounds may help."
    return f"{said}; no clear gain since round {since}."


def interval(record: Round) -> Interval | None:
    """Return the 95 % interval of a round's validation accuracy, Wilson's where none is recorded."""
    if record.val_interval is not None:
        return record.val_interval
    cases = sum(part.val_samples or 0 for part in record.hospitals.values())
    value = record.val_accuracy
    return wilson(round(value * cases), cases) if cases and value is not None and 0 <= value <= 1 else None


def _no_gain_since(run: Run, best: float, ends: dict[int, Interval | None]) -> int | None:
    """Return the first round whose interval reaches the best accuracy; None where intervals are missing."""
    if not all(ends.values()):
        return None
    return next((number for number, own in ends.items() if own is not None and own[1] >= best), None)
