"""A run between the click that starts it and its number: what it printed so far, and why it ended if it did."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from msgspec import Struct

from common.artifacts.load import read_record
from common.artifacts.run_files import now
from common.artifacts.schema import Text, to_json
from common.artifacts.values import Notes, moment, read_json
from common.files import write_json
from common.process import Process, is_alive, process_of
from common.text import printable

OUTPUT_NAME = "dashboard_start.log"
_RECORD_NAME = "dashboard_start.json"
_LONGEST_BYTES = 20_000
_TAIL_LINES = 8
_NUMBERED = re.compile(r"^(run-\d{3,9})  ", re.MULTILINE)  # how a run introduces itself


class Started(Struct):
    """What was started last from a dashboard, for all who look at the same folder."""

    process: Process = Process()
    at: Text | None = None
    offset: int = 0  # where its output begins


@dataclass(frozen=True)
class Starting:
    """How a start stands."""

    process: Process
    state: Literal["starting", "begun", "failed"]
    at: str | None
    run_id: str | None
    """Its number, once it has one."""
    said: str
    """The end of its output; the one sentence that it ended with, where it failed."""


def note_start(output_dir: Path, pid: int, offset: int) -> None:
    """Remember what was started."""
    write_json(output_dir / "logs" / _RECORD_NAME, to_json(Started(process_of(pid), now(), offset)))


def look(output_dir: Path) -> Starting | None:
    """Return how the last start from a dashboard stands; None if there was none."""
    raw = read_json(output_dir / "logs" / _RECORD_NAME, Notes(_RECORD_NAME))
    if not isinstance(raw, dict):
        return None
    started = read_record(Started, raw, Notes(_RECORD_NAME))
    alive = is_alive(started.process)
    said = _output(output_dir / "logs" / OUTPUT_NAME, started.offset)
    found = _NUMBERED.search(said)
    lines = [printable(line) for line in said.splitlines() if line.strip()]
    if found:
        return Starting(started.process, "begun", started.at, found[1], "")
    if alive is not False:
        return Starting(started.process, "starting", started.at, None, "\n".join(lines[-_TAIL_LINES:]))
    return Starting(started.process, "failed", started.at, None, _last_word(lines))


def age_seconds(start: Starting) -> float | None:
    """Return how long ago it was started; None where that cannot be read."""
    at, present = moment(start.at), moment(now())
    return (present - at).total_seconds() if at and present else None


def _last_word(lines: list[str]) -> str:
    said = [line.removeprefix("error ") for line in lines if line.startswith("error ")]
    return (said or lines or ["It ended without a word."])[-1]


def _output(path: Path, offset: int) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(offset, 0))
            return file.read(_LONGEST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
