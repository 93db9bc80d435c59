"""The table in Markdown, from what the runs recorded alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.privacy_cost.grid import Row
from common.artifacts.privacy.guarantee import HospitalPrivacy, recorded_privacy
from common.artifacts.words import NOTHING, interval_text
from common.study.figures import over_seeds
from common.study.records import Cell, Study
from common.study.statistics import ACCURACY, Estimate
from server.study.cells import cell_result
from server.study.known_runs import KnownRun


@dataclass(frozen=True)
class Spent:
    """What the hospitals of a row's runs spent, over all of them."""

    noise: tuple[float, ...]
    epsilon: tuple[float, ...]
    delta: float | None
    stopped: int
    """Hospitals whose budget ended before the run."""


def markdown(rows: Sequence[Row], seeds: Sequence[int], known: Mapping[Cell, KnownRun]) -> str:
    """Return the table; a row without a completed run has no figures."""
    cells = tuple(cell_result(cell, known.get(cell), None) for cell in (Cell(repr(r), s) for r in rows for s in seeds))
    places = next((tuple(result.tests) for result in cells if result.completed), ())
    study = Study("privacy", strategies=tuple(map(repr, rows)), seeds=tuple(seeds), cells=cells)
    head = ("Trained", "Epsilon", "Spent", "Noise", "Runs", "All hospitals, %", *places, "Seconds")
    lines = [head, ("---",) * 2 + ("---:",) * (len(head) - 2), *(_line(row, study, places, known) for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _line(row: Row, study: Study, places: Sequence[str], known: Mapping[Cell, KnownRun]) -> tuple[str, ...]:
    runs = {seed: result for seed, result in study.seeds_of(repr(row)).items() if result.completed}
    spent = _spent([known[result.cell] for result in runs.values()])
    seconds = [result.seconds for result in runs.values() if result.seconds]
    together = over_seeds(study, repr(row), ACCURACY, places)
    each = (over_seeds(study, repr(row), ACCURACY, (place,)) for place in places)
    return (
        row.title,
        row.budget,
        _range(spent.epsilon, 2) + (f" ({spent.stopped} stopped early)" if spent.stopped else ""),
        _range(spent.noise, 2),
        str(len(runs)),
        _percent(together, sure=True),
        *(_percent(found) for found in each),
        f"{sum(seconds) / len(seconds):.0f}" if seconds else NOTHING,
    )


def _spent(runs: Sequence[KnownRun]) -> Spent:
    parts = [each for known in runs for each in _hospitals(known)]
    delta = next((found.delta for known in runs if (found := recorded_privacy(known.run.meta))), None)
    return Spent(
        tuple(each.noise_multiplier for each in parts if each.noise_multiplier is not None),
        tuple(each.epsilon for each in parts if each.epsilon is not None),
        delta,
        sum(each.stopped_after_round is not None for each in parts),
    )


def _hospitals(known: KnownRun) -> Iterator[HospitalPrivacy]:
    if recorded := recorded_privacy(known.run.meta):
        yield from recorded.per_hospital.values()


def _percent(found: Estimate | None, sure: bool = False) -> str:
    if found is None:
        return NOTHING
    interval = f" ({interval_text(found.interval)})" if sure and found.interval else ""
    return f"{100 * found.mean:.1f}{interval}"


def _range(values: Sequence[float], digits: int) -> str:
    if not values:
        return NOTHING
    ends = [f"{end:.{digits}f}" for end in (min(values), max(values))]
    return ends[0] if ends[0] == ends[1] else "–".join(ends)
