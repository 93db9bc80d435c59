from __future__ import annotations

from dashboard.data import logs
from dashboard.data.verdicts import logs as verdict


def test_logs_count_what_went_wrong() -> None:
    lines = logs.parse("t INFO server | a\nt WARNING A | b\nt ERROR server | it broke\nTraceback")
    assert verdict.of_lines(lines).text == "Caution. 1 error and 1 warning in 3 lines. The last error: it broke"
    assert verdict.of_lines(lines[:1]).text == "In order. No error and no warning in 1 line."
