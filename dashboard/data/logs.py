"""The end of a run's log, line by line; never a file outside ``logs/``."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
TAIL_BYTES = 2_000_000

_PLACE = re.compile(r"logs/[\w.+-]{1,80}/training\.log")
_LINE = re.compile(r"(?P<at>\S+) (?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) (?P<source>.*?) \| (?P<text>.*)")


@dataclass(frozen=True)
class LogLine:
    """One line: ISO time, level, who wrote it (the server or a hospital), and what."""

    at: str
    level: str
    source: str
    text: str


def log_path(output_dir: Path, recorded: str | None) -> Path | None:
    """Return a run's log file, None unless it is there, below ``logs/``.

    What ``status.json`` recorded is data, so it is checked and not simply opened.
    """
    if not recorded or not _PLACE.fullmatch(recorded) or ".." in recorded:
        return None
    root, path = (output_dir / "logs").resolve(), (output_dir / recorded).resolve()
    return path if path.is_relative_to(root) and path.is_file() else None


def read_tail(path: Path, limit: int = TAIL_BYTES) -> str:
    """Return the last `limit` bytes of a log as text, from a whole line on."""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - limit))
            raw = stream.read(limit)
    except OSError:
        return ""
    if size > limit:
        raw = raw[raw.find(b"\n") + 1 :]
    return raw.decode("utf-8", errors="replace")


def parse(text: str) -> list[LogLine]:
    """Split a log into lines; one that does not follow the pattern belongs to the line before it."""
    lines: list[LogLine] = []
    for raw in text.splitlines():
        found = _LINE.fullmatch(raw)
        if found:
            lines.append(LogLine(**found.groupdict()))
        elif not raw.strip():
            continue
        elif lines:
            last = lines[-1]
            lines[-1] = LogLine(last.at, last.level, last.source, f"{last.text}\n{raw}")
        else:
            lines.append(LogLine("", "INFO", "", raw))
    return lines


def chosen(lines: Iterable[LogLine], levels: Iterable[str], sources: Iterable[str], text: str) -> list[LogLine]:
    """Keep the lines of these levels and sources (all, where none is named) that contain a text in any case."""
    wanted_levels, wanted_sources, needle = set(levels), set(sources), text.casefold().strip()
    return [
        line
        for line in lines
        if (not wanted_levels or line.level in wanted_levels)
        and (not wanted_sources or line.source in wanted_sources)
        and (not needle or needle in f"{line.source} {line.text}".casefold())
    ]
