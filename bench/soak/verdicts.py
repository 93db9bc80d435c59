"""From what was seen to verdicts: pure, so that a test can try them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_FEWEST_LOOKS = 6
_WARM_UP = 2  # looks, in which caches fill
_MEMORY_MIB, _MEMORY_SHARE = 40.0, 0.15
_FILES = 16
_DISK_MIB = 30.0
_TEMPORARY = 6
_PEAK_MIB, _PEAK_SHARE = 200.0, 0.5

OK, FAILED, OPEN = "ok", "FAILED", "not judged"


@dataclass(frozen=True)
class Happened:
    """One event as it went."""

    event: str
    run: int
    said: str
    problem: str = ""
    missed: bool = False
    """The run was over before its turn came."""


@dataclass
class Trial:
    """One run as it went."""

    number: int
    strategy: str
    state: str = ""
    seconds: float = 0.0
    same_weights: bool | None = None
    """Those of the undisturbed run; None where somebody was left out, or may have trained on other slices."""
    left_out: list[str] = field(default_factory=list)
    """Who, when and why, in clauses."""
    happened: list[Happened] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """One line of the table at the end."""

    what: str
    times: int
    expected: str
    happened: str
    verdict: str


def absences(history: Sequence[Mapping[str, object]]) -> list[tuple[str, str, str]]:
    """Return (hospital, phase, reason) of each time that one was left out, from a run's history."""
    found = []
    for row in history:
        for failure in row.get("failed", []):  # type: ignore[attr-defined]
            found.append(
                (str(failure["hospital"]), f"{failure['phase']}, round {row['epoch']}", str(failure["reason"]))
            )
    return found


def unexplained(absent: Sequence[tuple[str, str, str]], excused: set[str]) -> list[str]:
    """Say who was left out without a cause, or without a reason that is written down."""
    found = [f"{who} was left out of {when} without a cause: {why}" for who, when, why in absent if who not in excused]
    return found + [
        f"{who} was left out of {when}, and nobody says why" for who, when, why in absent if not why.strip()
    ]


def growth(values: Sequence[float]) -> float | None:
    """Return by how much a figure grew, from the first third of its looks to the last; None for too few of them."""
    steady = values[_WARM_UP:]
    if len(steady) < _FEWEST_LOOKS:
        return None
    third = max(len(steady) // 3, 1)
    return statistics.median(steady[-third:]) - statistics.median(steady[:third])


def series(looks: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
    """Turn looks into a list of values by name; a name that is missing in a look has none there."""
    names = {name: None for look in looks for name in look}
    return {name: [look[name] for look in looks if name in look] for name in names}


def flat(what: str, looks: Sequence[Mapping[str, float]], most: float, share: float, unit: str) -> Row:
    """Judge whether no figure grows.

    Parameters
    ----------
    most : float
        By which one may grow,
    share : float
        and which share of its first value beside that.
    """
    grown = {name: (values, by) for name, values in series(looks).items() if (by := growth(values)) is not None}
    expected = f"grows by no more than {most:.0f} {unit}" + (f" and {share:.0%}" if share else "")
    if not grown:
        return Row(what, len(looks), expected, f"fewer than {_FEWEST_LOOKS + _WARM_UP} looks at one process", OPEN)
    worst, (values, by) = max(grown.items(), key=lambda item: item[1][1])
    wrong = [name for name, (seen, grew) in grown.items() if grew > most + share * seen[_WARM_UP]]
    said = f"most: {by:+.1f} {unit} of {values[_WARM_UP]:.0f} ({worst})"
    return Row(what, len(looks), expected, said, FAILED if wrong else OK)


def resources(
    memory: Sequence[Mapping[str, float]],
    files: Sequence[Mapping[str, float]],
    disk: Sequence[Mapping[str, float]],
    temporary: Sequence[float],
    leftovers: Sequence[str],
) -> list[Row]:
    """Judge the looks between the runs."""
    swept = Row(
        "nothing is left behind after a run",
        len(memory),
        "no updates, temporary files or states of hospitals",
        "; ".join(leftovers[:3]) or "nothing",
        FAILED if leftovers else OK,
    )
    return [
        flat("memory between runs", memory, _MEMORY_MIB, _MEMORY_SHARE, "MiB"),
        flat("open files between runs", files, _FILES, 0.0, "files"),
        flat("disk, without the runs", disk, _DISK_MIB, 0.0, "MiB"),
        flat("temporary files", [{"entries": count} for count in temporary], _TEMPORARY, 0.0, "entries"),
        swept,
    ]


def peaks(calm: Mapping[str, float], seen: Mapping[str, float]) -> Row:
    """Judge the largest sizes against those of the runs that were left in peace."""
    over = {kind: (size, calm[kind]) for kind, size in seen.items() if kind in calm}
    expected = f"at most {_PEAK_SHARE:.0%} and {_PEAK_MIB:.0f} MiB above an undisturbed run"
    if not over:
        return Row("memory at most", 0, expected, "nothing was disturbed", OPEN)
    kind, (size, before) = max(over.items(), key=lambda item: item[1][0] - item[1][1])
    wrong = any(size > before * (1 + _PEAK_SHARE) + _PEAK_MIB for size, before in over.values())
    said = f"most above: {kind}, {size:.0f} MiB after {before:.0f}"
    return Row("memory at most", len(over), expected, said, FAILED if wrong else OK)


def outcome(trials: Sequence[Trial], expected: Mapping[str, str]) -> list[Row]:
    """Return a row for each event, and one for each thing that holds for all runs."""
    happened = [each for trial in trials for each in trial.happened]
    rows = [_event(name, [each for each in happened if each.event == name], expected[name]) for name in expected]
    return [*rows, _completed(trials), _weights(trials), _named(trials)]


def _event(name: str, happened: Sequence[Happened], expected: str) -> Row:
    done = [each for each in happened if not each.missed]
    problems = [f"run {each.run}: {each.problem}" for each in done if each.problem]
    said = problems[0] if problems else (done[-1].said if done else "it did not come to that")
    return Row(name, len(done), expected, said, FAILED if problems else OK if done else OPEN)


def _completed(trials: Sequence[Trial]) -> Row:
    done = sum(trial.state == "completed" for trial in trials)
    said = f"{done} of {len(trials)}"
    return Row(
        "every run completes", len(trials), "resumed where it says so", said, OK if done == len(trials) else FAILED
    )


def _weights(trials: Sequence[Trial]) -> Row:
    compared = [trial for trial in trials if trial.same_weights is not None]
    wrong = [f"run {trial.number}" for trial in compared if not trial.same_weights]
    said = f"{len(compared) - len(wrong)} of {len(compared)} the same" + (f"; not {', '.join(wrong)}" if wrong else "")
    expected = "those of the simulation, bit for bit, wherever nobody was left out"
    return Row("the same final weights", len(compared), expected, said, FAILED if wrong else OK if compared else OPEN)


def _named(trials: Sequence[Trial]) -> Row:
    problems = [f"run {trial.number}: {problem}" for trial in trials for problem in trial.problems]
    absent = sum(len(trial.left_out) for trial in trials)
    said = problems[0] if problems else f"{absent} times left out, each named"
    expected = "every absence has a cause and a reason, in history and on screen; no traceback"
    return Row("every refusal is named", absent, expected, said, FAILED if problems else OK)
