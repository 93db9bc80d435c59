"""A log on a full disk says nothing on the screen."""

import logging
from pathlib import Path

import pytest

from common.logs import LogFile, RotatingLogFile

FULL = Path("/dev/full")  # every write to it finds no room


@pytest.mark.skipif(not FULL.exists(), reason="this machine has no /dev/full")
@pytest.mark.parametrize("kind", [LogFile, RotatingLogFile])
def test_a_full_disk_leaves_gaps_and_no_traceback(kind, capsys):
    handler = kind(FULL, encoding="utf-8")
    handler.handle(logging.makeLogRecord({"msg": "a line"}))
    handler.close()
    assert capsys.readouterr() == ("", "")


def test_a_line_that_cannot_be_written_otherwise_is_told(tmp_path, capsys):
    handler = LogFile(tmp_path / "log", encoding="utf-8")
    handler.handle(logging.makeLogRecord({"msg": "%d", "args": ("text",)}))
    handler.close()
    assert "Logging error" in capsys.readouterr().err
