"""A study's tests as three readers ask for them, by seed: at a new hospital, on the run's own split, and both alike.

Each is a `CellResult` whose tests are sums over runs, so that one set of functions makes figures of all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from common.labels import CLASSES
from common.metrics.confusion import Confusion
from common.study.records import COMPLETED, Cell, CellResult, Study, together

Seeds = dict[int, CellResult]


def at_new_hospitals(study: Study, strategy: str) -> Seeds:
    """Return by seed each hospital's slices, as named by the model that was trained without it.

    Classes that no other hospital holds are left out: nobody could have taught them. A seed that lacks a hospital is
    left out, since a sum over fewer would be another quantity.
    """
    found: Seeds = {}
    for seed, results in _left_out(study, strategy).items():
        outside = {name: each.external for name, each in results.items() if each.external is not None}
        if len(outside) == len(study.hospitals):
            tests = {name: countable(study, name, each.confusion).confusion for name, each in outside.items()}
            effects = {name: each.effect for name, each in outside.items()}
            found[seed] = CellResult(Cell(strategy, seed), COMPLETED, tests=tests, effects=effects)
    return found


def at_home(study: Study, strategy: str) -> Seeds:
    """Return by seed what the own split says of the models of `at_new_hospitals`, at the hospitals that trained them.

    A hospital's test slices are tested by one model a hospital left out, and count once in how sure the figure is.
    """
    found: Seeds = {}
    for seed, results in _left_out(study, strategy).items():
        if len(results) == len(study.hospitals):
            whole = together(list(results.values()), Cell(strategy, seed))
            times = len(study.hospitals) - 1
            effects = {name: times * effect for name, effect in whole.effects.items()}
            found[seed] = CellResult(whole.cell, COMPLETED, tests=whole.tests, effects=effects)
    return found


@dataclass(frozen=True)
class Countable:
    """A test at a hospital that was left out, without the classes that no training hospital holds."""

    confusion: Confusion
    left_out: int
    """Slices of those classes."""


def countable(study: Study, hospital: str, confusion: Confusion) -> Countable:
    """Leave out of a hospital's test the classes that only it holds."""
    taught = classes_elsewhere(study.class_counts, hospital)
    rows = np.array([label in taught for label in CLASSES])
    return Countable(np.where(rows[:, None], confusion, 0), int(confusion[~rows].sum()))


def classes_elsewhere(counts: Mapping[str, Mapping[str, int]], hospital: str) -> frozenset[str]:
    """Return the classes that another hospital holds; all where it is not known what they hold."""
    others = [held for name, held in counts.items() if name != hospital]
    return frozenset(label for label in CLASSES if not others or any(held.get(label) for held in others))


def _left_out(study: Study, strategy: str) -> dict[int, dict[str, CellResult]]:
    """Return the completed runs without a hospital, by seed and hospital."""
    found: dict[int, dict[str, CellResult]] = {}
    for name in study.hospitals:
        for seed, result in study.cells_of(strategy, without=name).items():
            found.setdefault(seed, {})[name] = result
    return {seed: found[seed] for seed in study.seeds if seed in found}
