"""The table of a comparison: an entry a row, its test, its best round, and how far both are from the baseline."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from common.artifacts.schema import Run
from common.study.statistics import BETTER, SMALL, UNDECIDED, WORSE, estimate
from common.text import listed
from dashboard.charts import formats
from dashboard.data.compared import differences, spent
from dashboard.data.compared.differences import Difference, Evidence
from dashboard.data.compared.entries import Entry, Standing, standing
from dashboard.data.rounds import Measure

BEST = "best"
BASELINE = "baseline"
_SAID = {
    BETTER: "better",
    WORSE: "worse",
    UNDECIDED: "not distinguishable",
    SMALL: "less than the seeds differ",
}
_ALWAYS = (
    "Intervals are 95 %. Only a difference whose interval leaves out 0 is coloured.",
    "Several seeds: the mean, the lowest and the highest seed, and their standard deviation (SD).",
)
_UNFINISHED = ("running", "failed", "interrupted")


@dataclass(frozen=True)
class Row:
    """One entry, worked out."""

    entry: Entry
    test: Standing | None
    to_baseline: Difference
    """Of the test."""
    best: tuple[float, ...]
    """The best value of each run, empty where one has none."""
    rounds: tuple[int, ...]
    """In which round each was reached."""
    best_to_baseline: Difference
    gap: float | None
    """Between hospitals, in the best round; of several seeds the mean."""


@dataclass(frozen=True)
class Table:
    """Texts, and how the cells sound: ``better``, ``worse``, ``muted`` or ``best``."""

    texts: pd.DataFrame
    tones: Mapping[tuple[int, str], str] = field(default_factory=dict)
    """By row and column."""


def rows(
    entries: Sequence[Entry], measure: Measure, baseline: Entry | None, place: str | None, evidence: Evidence
) -> list[Row]:
    """Work out every entry beside the baseline; `place` is a hospital, None for all of them together."""
    made = []
    for entry in entries:
        tops = [top for run in entry.runs.values() if (top := measure.best(run.rounds, place))]
        tops = tops if len(tops) == len(entry.runs) else []
        against = baseline if baseline and baseline is not entry else None
        made.append(
            Row(
                entry,
                standing(entry, place),
                differences.of_tests(entry, against, place, evidence) if against else Difference(),
                tuple(top[0] for top in tops),
                tuple(top[1] for top in tops),
                _of_best(entry, against, measure, place) if against else Difference(),
                _gap(entry, measure) if place is None else None,
            )
        )
    return made


def written(found: Sequence[Row], measure: Measure, baseline: Entry | None, place: str | None) -> Table:
    """Write the rows, what matters first: a phone shows three columns. The best of each column is marked, all ties."""
    test, best, gap = _titles(measure, place)
    columns: dict[str, list[str]] = {
        "Run": [_title(row.entry) for row in found],
        test: _marked([(row.test.accuracy if row.test else None, _tested(row.test)) for row in found], most=True),
        "Test vs baseline": [_told(row, row.to_baseline, baseline, formats.points) for row in found],
        best: _marked([(_mean(row.best), _best(row, measure)) for row in found], most=measure.percent),
        "Best vs baseline": [_told(row, row.best_to_baseline, baseline, measure.write_change) for row in found],
    }
    if any(spent.is_private(row.entry) for row in found):
        columns[spent.TITLE] = [spent.spent(row.entry, place) for row in found]
    if place is None:
        columns[gap] = _marked([(row.gap, measure.write_change(row.gap).lstrip("+")) for row in found], most=False)
    return Table(pd.DataFrame(columns), _tones(found, columns, (test, best, gap)))


def methods(found: Sequence[Row], baseline: Entry | None) -> list[str]:
    """Say how each kind of difference in the table was judged, and of which there is none why."""
    others = [row for row in found if row.entry is not baseline]
    by_how: dict[str, list[str]] = {}
    for row in others:
        by_how.setdefault(row.to_baseline.how, []).append(row.entry.title)
    said = [f"Test of {listed(names)}: {how}." for how, names in by_how.items()]
    if any(row.best_to_baseline.value is not None for row in others):
        said.append(
            "Best round: chosen by the validation slices themselves, so it flatters; without several seeds its "
            "difference has no interval. Go by the test."
        )
    return [*said, *_ALWAYS]


def _titles(measure: Measure, place: str | None) -> tuple[str, str, str]:
    """Return the titles of test, best value and gap; a hospital's own figures say so."""
    where = "all hospitals" if place is None else place
    what = measure.title[0].lower() + measure.title[1:]
    return f"Test accuracy, {where}", f"Best {what}, {where}", "Gap between hospitals"


def _title(entry: Entry) -> str:
    run = entry.first
    if run.state not in _UNFINISHED:
        return entry.listed
    done = run.rounds[-1].number if run.rounds else 0
    return f"{entry.listed} ({run.state}, {done} of {run.status.rounds or done} rounds)"


def _tested(found: Standing | None) -> str:
    if found is None:
        return formats.MISSING
    if found.extremes is None:
        return formats.share(formats.Share(found.accuracy, found.interval))
    low, high = found.extremes
    return f"{formats.percent(found.accuracy)}, seeds {low * 100:.1f} to {high * 100:.1f}, {_spread(found.spread)}"


def _spread(value: float | None) -> str:
    return f"SD {value * 100:.1f} pp" if value is not None else "SD –"


def _best(row: Row, measure: Measure) -> str:
    """Write the best value and its round; of several seeds the mean, the extremes, and how far they spread."""
    middle = _mean(row.best)
    if middle is None:
        return formats.MISSING
    first, last = min(row.rounds), max(row.rounds)
    where = f"round {first}" if first == last else f"rounds {first} to {last}"
    if not row.entry.repeated:
        return f"{measure.write(middle)} in {where}"
    low, high = (measure.write(value).removesuffix(" %") for value in (min(row.best), max(row.best)))
    return f"{measure.write(middle)}, seeds {low} to {high}, {where}"


def _told(row: Row, found: Difference, baseline: Entry | None, write: Callable[[float], str]) -> str:
    return BASELINE if row.entry is baseline else difference_text(found, write)


def difference_text(found: Difference, write: Callable[[float], str]) -> str:
    """Write a difference with its interval and what that says: "+2.8 pp (-3.1 to +8.7), not distinguishable"."""
    if found.value is None:
        return formats.MISSING
    text = write(found.value)
    if found.interval is not None:
        low, high = (write(end).removesuffix(" pp") for end in found.interval)
        text += f" ({low} to {high})"
    alone = f"seed {found.seed} alone" if found.seed is not None else ""
    return ", ".join(part for part in (text, _SAID.get(found.kind, ""), alone) if part)


def _marked(cells: Sequence[tuple[float | None, str]], *, most: bool) -> list[str]:
    """Mark the best of a column, and whatever is written the same; nothing where there is nothing to choose from."""
    known = [round(value, 3) for value, _ in cells if value is not None]
    top = (max if most else min)(known) if len(known) > 1 else None
    return [
        f"{text}, {BEST}" if value is not None and top is not None and round(value, 3) == top else text
        for value, text in cells
    ]


def _tones(found: Sequence[Row], columns: Mapping[str, list[str]], marked: Sequence[str]) -> dict[tuple[int, str], str]:
    tones = {}
    for i, row in enumerate(found):
        for title, each in (("Test vs baseline", row.to_baseline), ("Best vs baseline", row.best_to_baseline)):
            tones[i, title] = each.kind if each.decided else "muted"
        for title in marked:
            if title in columns and columns[title][i].endswith(f", {BEST}"):
                tones[i, title] = BEST
    return tones


def _mean(values: Sequence[float]) -> float | None:
    found = estimate(values)
    return found.mean if found else None


def _of_best(entry: Entry, baseline: Entry, measure: Measure, place: str | None) -> Difference:
    def best(run: Run) -> float | None:
        top = measure.best(run.rounds, place)
        return top[0] if top else None

    return differences.of_values(entry, baseline, best, more_is_better=measure.percent)


def _gap(entry: Entry, measure: Measure) -> float | None:
    return _mean(entry.over_seeds(lambda run: _gap_of(run, measure)))


def _gap_of(run: Run, measure: Measure) -> float | None:
    top = measure.best(run.rounds)
    if top is None:
        return None
    parts = next((each.hospitals for each in run.rounds if each.number == top[1]), {})
    values = [value for part in parts.values() if (value := measure.of(part)) is not None]
    return max(values) - min(values) if len(values) > 1 else None
