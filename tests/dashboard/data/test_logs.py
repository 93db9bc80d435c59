from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.data import logs

TEXT = """2026-11-23T06:15:00+00:00 INFO server | run-001 started
2026-11-23T06:15:01+00:00 WARNING AIIMS Delhi | two | bars
  a second line
2026-11-23T06:15:02+00:00 ERROR टाटा मेमोरियल | <b>x</b>
"""


def test_lines_are_taken_apart() -> None:
    lines = logs.parse(TEXT)
    assert [(line.level, line.source) for line in lines] == [
        ("INFO", "server"),
        ("WARNING", "AIIMS Delhi"),
        ("ERROR", "टाटा मेमोरियल"),
    ]
    assert lines[1].text == "two | bars\n  a second line"
    assert logs.parse("no pattern\n\n")[0].text == "no pattern"


def test_lines_are_chosen_by_level_source_and_text() -> None:
    lines = logs.parse(TEXT)
    assert len(logs.chosen(lines, [], [], "")) == 3
    assert [line.level for line in logs.chosen(lines, ["ERROR", "INFO"], [], "")] == ["INFO", "ERROR"]
    assert [line.source for line in logs.chosen(lines, [], ["AIIMS Delhi"], "BARS")] == ["AIIMS Delhi"]
    assert logs.chosen(lines, [], [], "nowhere") == []


@pytest.mark.parametrize(
    "recorded",
    [None, "", "/etc/passwd", "logs/../../etc/passwd", "logs/../x/training.log", "logs/a/other.log", "logs/a"],
)
def test_only_a_log_below_logs_is_opened(tmp_path: Path, recorded: str | None) -> None:
    assert logs.log_path(tmp_path, recorded) is None


def test_a_link_out_of_logs_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "training.log").write_text("secret")
    output = tmp_path / "output"
    (output / "logs" / "a").mkdir(parents=True)
    (output / "logs" / "a" / "training.log").write_text("mine")
    (output / "logs" / "b").symlink_to(secret)
    assert logs.log_path(output, "logs/a/training.log") is not None
    assert logs.log_path(output, "logs/b/training.log") is None


def test_the_tail_starts_at_a_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "training.log"
    path.write_bytes(b"first line\nsecond\nthird \xff\n")
    assert logs.read_tail(path, 18) == "second\nthird \ufffd\n"
    assert logs.read_tail(path).startswith("first")
    assert logs.read_tail(tmp_path / "none") == ""
