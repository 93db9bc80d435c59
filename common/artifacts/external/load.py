"""The reader of evaluations and yardsticks: never raises for what a file holds; what does not fit is left out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from common.artifacts.external.words import part_text
from common.artifacts.layout import EVALUATION, EvaluationFolder, list_evaluations
from common.artifacts.values import Notes, count, interval, mapping, number, read_json, sequence, text, texts
from common.artifacts.words import accuracy_interval
from common.errors import Problem
from common.metrics.intervals import Interval


@dataclass(frozen=True)
class Measured:
    """An accuracy somewhere, as a fraction, with its interval and what it rests on."""

    name: str
    accuracy: float | None
    interval: Interval | None = None
    slices: int | None = None
    part: str = ""  # which slices of the hospital's
    macro_f1: float | None = None


@dataclass(frozen=True)
class Evaluation:
    """A complete evaluation of a run's model."""

    evaluation_id: str
    meta: Mapping[str, Any]
    hospitals: tuple[Measured, ...]
    trained: frozenset[str]
    """Names of those that trained the model."""


@dataclass(frozen=True)
class Matrix:
    """Each hospital's update (row) at each hospital (column)."""

    round: int | None
    models: tuple[str, ...]
    hospitals: tuple[str, ...]
    cells: tuple[tuple[Measured, ...], ...]
    shared: tuple[Measured, ...]
    reason: str | None


def evaluation_files(output_dir: Path) -> list[Path]:
    """Return the files of figures of every evaluation, the highest number first; some may not be there."""
    return [EvaluationFolder(output_dir, name).meta for name in list_evaluations(output_dir)]


def load_evaluations(output_dir: Path) -> tuple[tuple[Evaluation, ...], tuple[Problem, ...]]:
    """Read every complete evaluation, the highest number first, and say what could not be read."""
    found, problems = [], []
    for path in evaluation_files(output_dir):
        if not path.is_file():  # it is under way, or did not come to its end
            continue
        notes = Notes(f"{path.parent.name}/{EVALUATION}")
        meta = mapping(read_json(path, notes))
        if meta and text(meta.get("of")) is None:
            notes.add(f"{notes.file} does not say of which run it is; it was left out.")
        elif meta:
            found.append(_evaluation(path.parent.name, meta))
        problems += notes.problems
    return tuple(found), tuple(problems)


def _evaluation(name: str, meta: Mapping[str, Any]) -> Evaluation:
    tests = mapping(mapping(meta.get("metrics")).get("per_hospital"))
    said = {text(mapping(each).get("name")): mapping(each) for each in sequence(meta.get("hospitals"))}
    rows = tuple(_measured(key, mapping(body), part_text(said.get(key, {}))) for key, body in tests.items())
    trained = frozenset(key for key, body in said.items() if key and body.get("trained") is True)
    return Evaluation(name, meta, rows, trained)


def at_home(evaluation: Evaluation) -> Measured:
    """Return what the run's own test said, as the evaluation keeps it."""
    return _measured("its own test", mapping(evaluation.meta.get("internal")), "test slices of the hospitals together")


def _measured(name: str, body: Mapping[str, Any], part: str = "") -> Measured:
    macro = _fraction(body.get("macro_f1", body.get("avg_f1")))
    return Measured(
        name, _fraction(body.get("test_accuracy")), accuracy_interval(body), count(body.get("n_test")), part, macro
    )


def fine_tuned(meta: Mapping[str, Any]) -> tuple[Measured, ...]:
    """Return each hospital's figures with the model that it trained on, by ``model_meta.json``."""
    found = mapping(mapping(meta.get("fine_tuned")).get("per_hospital"))
    return tuple(_measured(name, mapping(body)) for name, body in found.items())


def tested(meta: Mapping[str, Any]) -> tuple[Measured, ...]:
    """Return each hospital's test of the shared model, by ``model_meta.json``."""
    found = mapping(mapping(meta.get("metrics")).get("per_hospital"))
    return tuple(_measured(name, mapping(body)) for name, body in found.items())


def cross_matrix(meta: Mapping[str, Any]) -> Matrix | None:
    """Return the matrix of ``model_meta.json``; None where the run has none, or it does not fit."""
    found = mapping(meta.get("cross_matrix"))
    hospitals, models = texts(found.get("hospitals")), texts(found.get("models"))
    if not hospitals:
        return None
    samples = [count(each) for each in sequence(found.get("samples"))]
    rows = [_row(hospitals, samples, values, ends) for values, ends in _pairs(found)]
    shared = mapping(found.get("shared"))
    last = _row(hospitals, samples, shared.get("test_accuracy"), shared.get("intervals"))
    if len(rows) != len(models) or any(row is None for row in rows) or last is None:
        return None
    cells = tuple(row for row in rows if row is not None)
    return Matrix(
        count(found.get("round")), models, hospitals, cells, _as_tested(last, meta), text(found.get("reason"))
    )


def _as_tested(row: tuple[Measured, ...], meta: Mapping[str, Any]) -> tuple[Measured, ...]:
    """Give the shared model's figures the intervals that the run's test gives the same ones."""
    known = {(each.name, each.accuracy, each.slices): each.interval for each in tested(meta)}
    return tuple(
        replace(cell, interval=known.get((cell.name, cell.accuracy, cell.slices)) or cell.interval) for cell in row
    )


def _pairs(found: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    values, ends = sequence(found.get("test_accuracy")), sequence(found.get("intervals"))
    return [(row, ends[i] if i < len(ends) else None) for i, row in enumerate(values)]


def _row(names: tuple[str, ...], samples: list[int | None], values: Any, ends: Any) -> tuple[Measured, ...] | None:
    cells, sure = sequence(values), sequence(ends)
    if not len(cells) == len(names) == len(samples):
        return None
    found = zip(names, cells, samples, strict=True)
    intervals = [interval(each) for each in sure] if len(sure) == len(names) else [None] * len(names)
    return tuple(
        Measured(name, _fraction(value), end, slices)
        for (name, value, slices), end in zip(found, intervals, strict=True)
    )


def _fraction(value: Any) -> float | None:
    found = number(value)
    return found if found is not None and 0.0 <= found <= 1.0 else None
