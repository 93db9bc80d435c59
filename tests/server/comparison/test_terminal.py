"""A comparison on the terminal: in 80 columns, with what it takes; and the line before each pair."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from rich.console import Console

from common.artifacts.compared.record import comparison_json
from common.artifacts.compared.records import Comparison, Pair
from server.comparison.terminal import pair_line, summary
from tests.common.artifacts.compared.test_record import FOLDS


def test_the_table_fits_80_columns_and_says_what_it_takes():
    made = Comparison("comparison-001", "study-002:fedavg", "study-001:fedavg", pairs=tuple(FOLDS))
    out = io.StringIO()
    Console(file=out, width=80).print(summary(comparison_json(made)))
    text = out.getvalue()
    assert all(len(line) <= 80 for line in text.splitlines())
    row = next(line for line in text.splitlines() if line.strip().startswith("glioma"))
    assert row.split()[:4] == ["glioma", "40", "80.0", "75.0"]
    assert "+5.0" in row
    assert "study-002:fedavg (this) beside study-001:fedavg (other)" in text
    assert "notumor" not in text, "a class without a case has no row"


def test_a_line_names_the_pair_and_when_it_will_end():
    pair = Pair("run-007", "run-003", 42, ("a",), 3, "Phantom [b]")
    line = pair_line(pair, 2, 15, 600, datetime(2026, 1, 1, 12, 0, tzinfo=UTC))
    assert "pair 2 of 15" in line
    assert "seed 42, fold 3, without Phantom \\[b]: run-007 beside run-003" in line
    assert "ends about 12:10" in line
    assert "ends about" not in pair_line(pair, 1, 15, None, datetime(2026, 1, 1, 12, 0, tzinfo=UTC))
