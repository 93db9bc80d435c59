"""Test cases of a hospital, made up."""

from __future__ import annotations

from clients.cases.table import Case, CaseTable
from common.labels import CLASSES


def case(true: str, predicted: str, sure: float, file: str = "a/1.png") -> Case:
    shares = [(1 - sure) / 3] * 4
    shares[CLASSES.index(predicted)] = sure
    return Case(file, None, 7, true, predicted, tuple(shares), 0)


def table(*cases: Case) -> CaseTable:
    return CaseTable("2026-11-29T06:34:00+00:00", "Jaipur", 2, 42, 32, 1.0, True, "guessed", CLASSES, cases)
