"""``progress.json``: what a run that goes on is doing at this moment, hospital by hospital, and which process does it.

It is written beside ``status.json`` at most once a second and taken away when the run ends. It is no result: no ledger
names it, and a resume does not read a figure in it.
"""

from pathlib import Path
from typing import Literal

from msgspec import Struct

from common.artifacts.layout import PROGRESS
from common.artifacts.load import read_record
from common.artifacts.schema import Count, Text, to_json
from common.artifacts.values import Notes, read_json
from common.files import json_file
from common.process import Process

HEARTBEAT_SECONDS = 5.0  # the longest time between two of its dates while the process lives

State = Literal["waiting", "asked", "working", "done", "failed"]


class Part(Struct, omit_defaults=True):
    """One hospital's part of the present phase."""

    state: State = "waiting"
    since: Text | None = None
    task: Text | None = None  # in its own words: "reading", "training", "evaluating"; only where it reports
    done: Count | None = None  # steps, batches or slices, as it reported; never estimated
    total: Count | None = None
    reason: Text | None = None  # why it was left out


class Live(Struct, omit_defaults=True):
    """The whole file; times are ISO 8601 with a zone."""

    run_id: Text | None = None
    alive_at: Text | None = None
    process: Process = Process()
    resume_command: Text | None = None  # for the case that it can say no last word
    stopping: bool = False
    reports: bool = False  # whether hospitals report steps; those on machines of their own do not
    phase: Text | None = None
    phase_since: Text | None = None
    round: Count | None = None  # the one under way; None before the first, and in the test
    round_since: Text | None = None
    hospitals: dict[str, Part] = {}  # by name, in configured order


def live_file(live: Live) -> bytes:
    """Return the content of ``progress.json``."""
    return json_file(to_json(live))


def load_live(folder: Path) -> Live | None:
    """Read what a run's folder says of this moment; None where it says nothing, as after the run's end."""
    raw = read_json(folder / PROGRESS, Notes(PROGRESS))
    return read_record(Live, raw, Notes(PROGRESS)) if isinstance(raw, dict) else None
