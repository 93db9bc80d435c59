"""Several runs beside each other: what was set differently, every figure as CSV, whose split is in doubt."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from common.artifacts.schema import HospitalRound, Round, Run
from common.artifacts.values import mapping
from common.config.overrides import flat
from common.text import spreadsheet_cell
from dashboard.data import rounds

NOT_RECORDED = "not recorded"


def flatten(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return nested settings by dotted name, as text; None is "none"."""
    return {name: _text(value) for name, value in flat(settings).items()}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return "none" if value is None else str(value)


def settings_table(settings: Mapping[str, Mapping[str, Any]], *, only_differences: bool) -> pd.DataFrame:
    """Return settings as rows and runs as columns; a run without the setting says so.

    A run that recorded no settings at all (version 1) does not make every other run's settings a difference.
    """
    runs = {key: flatten(body) for key, body in settings.items()}
    names = sorted({name for body in runs.values() for name in body})
    rows = [{"Setting": name, **{key: body.get(name, NOT_RECORDED) for key, body in runs.items()}} for name in names]
    if only_differences:
        recorded = [key for key, body in runs.items() if body]
        rows = [row for row in rows if len({row[key] for key in recorded}) > 1]
    return pd.DataFrame(rows, columns=["Setting", *runs])


def long_table(
    runs: Mapping[str, Run],
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    names: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return every figure of every round, one row per run, round and place, with the run's name, seed and settings.

    A place is all hospitals together, or one of them. Settings stand under their dotted names.
    """
    flats = {key: flatten((settings or {}).get(key, {})) for key in runs}
    rows = []
    for key, run in runs.items():
        told = {"run": key, "name": (names or {}).get(key, key), "seed": flats[key].get("seed")}
        for round_ in run.rounds:
            parts: list[tuple[str, Round | HospitalRound]] = [("all hospitals", round_), *round_.hospitals.items()]
            rows += [{**told, **_figures(run, round_, where, part), **_own(flats[key])} for where, part in parts]
    return pd.DataFrame(rows)


def _figures(run: Run, round_: Round, where: str, part: Round | HospitalRound) -> dict[str, Any]:
    return {
        "strategy": run.strategy,
        "synthetic": run.synthetic,
        "state": run.state,
        "round": round_.number,
        "hospital": where,
        "train_loss": part.train_loss,
        "train_accuracy": part.train_accuracy,
        **{measure.field: measure.of(part) for measure in rounds.MEASURES.values()},
        "seconds": part.seconds if isinstance(part, Round) else part.train_seconds,
        "bytes_down": part.bytes_down,
        "bytes_up": part.bytes_up,
    }


def _own(settings: Mapping[str, str]) -> dict[str, str]:
    return {f"settings.{name}": value for name, value in settings.items() if name != "seed"}


def csv(table: pd.DataFrame) -> bytes:
    """Write a table as CSV (UTF-8); a text that a spreadsheet would take for a formula gets a leading apostrophe."""
    safe = table.map(lambda cell: spreadsheet_cell(cell) if isinstance(cell, str) else cell)
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
