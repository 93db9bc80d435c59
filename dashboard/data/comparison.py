"""Several runs beside each other, as tables: best values, differences, values at one round, settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import pandas as pd

from common.artifacts.schema import HospitalRound, Round, Run
from common.artifacts.values import mapping
from common.config.overrides import flat
from dashboard.charts import formats
from dashboard.charts.measures import MEASURES, Measure
from dashboard.data.facts import overall_test
from dashboard.data.shares import Share, written

NOT_RECORDED = "not recorded"
AGAINST: dict[str, str] = {"round": "Round", "bytes": "Traffic (MB)", "seconds": "Time (s)"}


@dataclass(frozen=True)
class Line:
    """One run's curve: `x` in rounds, megabytes or seconds, `y` as a fraction or a loss."""

    key: str
    state: str
    x: tuple[float, ...]
    y: tuple[float, ...]


def record(round_: Round, where: str | None) -> Round | HospitalRound | None:
    """Return a round over all hospitals (`where` is None) or one hospital's part of it."""
    return round_ if where is None else round_.hospitals.get(where)


def value_at(run: Run, measure: Measure, number: int, where: str | None = None) -> float | None:
    """Return a run's value at a round, None if it has no such round or recorded nothing in it."""
    for round_ in run.rounds:
        if round_.number == number:
            return measure.of(record(round_, where))
    return None


def best(run: Run, measure: Measure, where: str | None = None) -> tuple[float, int] | None:
    """Return a run's best value and its round, not its last."""
    scored = [
        (value, round_.number) for round_ in run.rounds if (value := measure.of(record(round_, where))) is not None
    ]
    return max(scored, key=lambda pair: (pair[0] if measure.percent else -pair[0], -pair[1]), default=None)


def line(key: str, run: Run, measure: Measure, against: str = "round", where: str | None = None) -> Line | None:
    """Return a run's curve, None if it did not record what is drawn or what it is drawn against."""
    xs = _positions(run, against)
    if xs is None:
        return None
    pairs = [
        (x, value)
        for x, round_ in zip(xs, run.rounds, strict=True)
        if (value := measure.of(record(round_, where))) is not None
    ]
    return Line(key, run.state, tuple(p[0] for p in pairs), tuple(p[1] for p in pairs)) if pairs else None


def summary(runs: Mapping[str, Run], measure: Measure, baseline: str | None, where: str | None = None) -> pd.DataFrame:
    """Return one row per run: its best value, where it was reached, the difference to the baseline.

    Fractions become percent and differences percentage points; losses stay as they are.
    """
    scale = 100.0 if measure.percent else 1.0
    base = best(runs[baseline], measure, where) if baseline and baseline in runs else None
    rows = []
    for key, run in runs.items():
        top = best(run, measure, where)
        test = overall_test(run)
        rows.append(
            {
                "Run": key,
                "State": run.state,
                "Strategy": formats.strategy(run.strategy) if run.strategy else formats.MISSING,
                "Rounds": f"{run.rounds[-1].number if run.rounds else 0}/{run.status.rounds or len(run.rounds)}",
                "Best": top[0] * scale if top else None,
                "At round": top[1] if top else None,
                "Difference": (top[0] - base[0]) * scale if top and base else None,
                "Test accuracy": test.accuracy * 100 if test else None,
                "95 % interval": formats.interval(test.interval if test else None),
                "Test": written(Share(test.accuracy, test.interval) if test else Share()),
                "Gap": _gap(run, measure, top[1], scale) if top else None,
            }
        )
    return pd.DataFrame(rows)


def summary_texts(table: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """Return what `summary` found as texts with their units, what matters first: a phone shows five columns."""
    value, change = ("{:.1f} %", "{:+.1f} pp") if measure.percent else ("{:.3f}", "{:+.3f}")
    columns = {  # title and form of each
        "Best": ("Best", value),
        "At round": ("In round", "{:.0f}"),
        "Difference": ("To baseline", change),
        "Test": ("Test", "{}"),
        "Gap": ("Gap", change.replace("+", "")),
    }
    texts = {
        title: [formats.MISSING if pd.isna(cell) else form.format(cell) for cell in table[name]]
        for name, (title, form) in columns.items()
    }
    return pd.DataFrame({"Run": table["Run"], **texts, **table[["Rounds", "Strategy", "State"]]})


def at_round(
    runs: Mapping[str, Run], measure: Measure, number: int, baseline: str | None, where: str | None = None
) -> pd.DataFrame:
    """Return every run's value at one round, written, with the difference to the baseline at that round."""
    base = value_at(runs[baseline], measure, number, where) if baseline and baseline in runs else None
    rows = []
    for key, run in runs.items():
        value = value_at(run, measure, number, where)
        difference = value - base if value is not None and base is not None else None
        rows.append({"Run": key, f"At round {number}": measure.write(value), "Difference": _write(difference, measure)})
    return pd.DataFrame(rows)


def flatten(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return nested settings by dotted name, as text; None is "none"."""
    return {name: _as_text(value) for name, value in flat(settings).items()}


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return "none" if value is None else str(value)


def settings_table(settings: Mapping[str, Mapping[str, Any]], *, only_differences: bool) -> pd.DataFrame:
    """Return settings as rows and runs as columns; a run without the setting says so.

    A run that recorded no settings at all (version 1) does not make every other run's settings a difference.
    """
    flat = {key: flatten(body) for key, body in settings.items()}
    names = sorted({name for body in flat.values() for name in body})
    rows = [{"Setting": name, **{key: body.get(name, NOT_RECORDED) for key, body in flat.items()}} for name in names]
    if only_differences:
        recorded = [key for key, body in flat.items() if body]
        rows = [row for row in rows if len({row[key] for key in recorded}) > 1]
    return pd.DataFrame(rows, columns=["Setting", *flat])


def long_table(runs: Mapping[str, Run]) -> pd.DataFrame:
    """Return every figure of every round, over all hospitals and at each, one row per run, round and hospital."""
    rows = []
    for key, run in runs.items():
        for round_ in run.rounds:
            parts: list[tuple[str, Round | HospitalRound]] = [("all hospitals", round_), *round_.hospitals.items()]
            for where, part in parts:
                rows.append(
                    {
                        "run": key,
                        "strategy": run.strategy,
                        "synthetic": run.synthetic,
                        "round": round_.number,
                        "hospital": where,
                        "train_loss": part.train_loss,
                        "train_accuracy": part.train_accuracy,
                        **{measure.field: measure.of(part) for measure in MEASURES.values()},
                        "seconds": round_.seconds if part is round_ else part.train_seconds,  # type: ignore[union-attr]
                        "bytes_down": part.bytes_down,
                        "bytes_up": part.bytes_up,
                    }
                )
    return pd.DataFrame(rows)


def csv(table: pd.DataFrame) -> bytes:
    """Write a table as CSV (UTF-8); a text that a spreadsheet would take for a formula gets a leading apostrophe."""
    safe = table.map(lambda cell: f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell)
    return safe.to_csv(index=False).encode("utf-8")


def split_doubts(runs: Mapping[str, Run]) -> list[str]:
    """Return the runs with test figures that did not record a split free of look-alikes across its sides."""
    doubted = []
    for key, run in runs.items():
        split = mapping(run.meta.get("split"))
        clean = split.get("grouped") is True and not split.get("groups_across_splits")
        if run.metrics and not clean:
            doubted.append(key)
    return doubted


def hospitals_of(runs: Sequence[Run]) -> list[str]:
    """Return the hospitals that recorded a figure of their own in any of the runs, alphabetically."""
    return sorted({name for run in runs for round_ in run.rounds for name in round_.hospitals})


def _positions(run: Run, against: str) -> list[float] | None:
    if against == "round":
        return [float(round_.number) for round_ in run.rounds]
    raw = [round_.bytes_total if against == "bytes" else round_.seconds for round_ in run.rounds]
    if any(value is None for value in raw):
        return None
    scale = 1e6 if against == "bytes" else 1.0
    return list(accumulate((value or 0.0) / scale for value in raw))


def _gap(run: Run, measure: Measure, number: int, scale: float) -> float | None:
    parts = next((round_.hospitals for round_ in run.rounds if round_.number == number), {})
    values = [value for part in parts.values() if (value := measure.of(part)) is not None]
    return (max(values) - min(values)) * scale if len(values) > 1 else None


def _write(difference: float | None, measure: Measure) -> str:
    if difference is None:
        return formats.MISSING
    return formats.points(difference) if measure.percent else f"{difference:+.3f}"
