"""What Training begins with: how far a run is, or which round was best and whether more would have helped."""

from common.artifacts.schema import Round, Run
from common.metrics.intervals import Interval, wilson
from common.text import listed
from dashboard.charts import formats
from dashboard.charts.formats import Share
from dashboard.data.rounds import ACCURACY, Progress
from dashboard.data.verdicts.verdict import Verdict, about

ENDED = {"failed": "Failed", "interrupted": "Stopped"}


def of_run(run: Run, progress: Progress) -> Verdict | None:
    """Say where a run stands; None where it recorded no round and is not running."""
    if run.state == "running":
        return _under_way(run, progress)
    best = _best(run)
    if run.state in ENDED:
        of = f" of {progress.total}" if progress.total else ""
        ended = f"Ended after round {progress.done}{of}, without a test." if run.rounds else "Ended before round 1."
        return Verdict("caution", (ended, *([best] if best else [])), ENDED[run.state])
    return Verdict("fine", (best,), "Finished") if best else None


def _under_way(run: Run, progress: Progress) -> Verdict:
    if progress.stale:
        silent = f"No sign of life for {formats.duration(progress.silent_for)}: it may have been killed."
        return Verdict("caution", (f"Round {progress.done} of {progress.total} was the last. {silent}",), "Silent")
    if not run.rounds:
        return Verdict("fine", (f"Round 1 of {progress.total or '?'} is not complete yet.",), "Running")
    last, missing = run.rounds[-1], _missing(run.rounds[-1])
    said = [f"Round {last.number} of {progress.total}"]
    if last.asked and not run.pooled:
        said.append(f"{listed(missing)} did not reply" if missing else f"all {len(last.asked)} hospitals replied")
    if progress.seconds_left is not None:
        said.append(f"about {formats.duration(progress.seconds_left)} left")
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
