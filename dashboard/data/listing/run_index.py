"""Every run's settings, name and what people say of it, kept up to date by the dates of three files each."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from common.artifacts import load
from common.artifacts.layout import ABOUT, CONFIG, HISTORY, META, STATUS
from common.artifacts.listing.about import NOTHING_SAID, About, read_about
from common.artifacts.listing.glance import glance, quick_settings
from common.artifacts.schema import Run
from dashboard.data import run_names

_Date = tuple[int, int]


@dataclass(frozen=True)
class Entry:
    """What lists say of a run."""

    settings: Mapping[str, Any]
    about: About
    dates: tuple[tuple[_Date, _Date], _Date]
    """Of its settings' files, and of ``about.json``."""


@dataclass
class RunIndex:
    """The runs of several folders, by key; shared by all visitors."""

    folders: Mapping[str, Path]
    """Label, empty for the shown one, to output folder."""
    entries: dict[str, Entry] = field(default_factory=dict)
    derived: dict[str, str] = field(default_factory=dict)
    """Key to the name that follows from the settings."""
    glances: dict[str, tuple[tuple[_Date, ...], Run]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def refresh(self) -> None:
        """Look at the files' dates and read what has changed."""
        with self.lock:
            found = {
                f"{label}:{run_id}" if label else run_id: f"{folder}/artifacts/{run_id}"
                for label, folder in self.folders.items()
                for run_id in load.list_runs(folder)
            }
            entries = {key: _entry(path, self.entries.get(key)) for key, path in found.items()}
            old = {key: entry.settings for key, entry in self.entries.items()}
            settings = {key: entry.settings for key, entry in entries.items()}
            if old.keys() != settings.keys() or any(old[key] is not body for key, body in settings.items()):
                self.derived = run_names.titles(settings)
            self.entries = entries
            self.glances = {key: known for key, known in self.glances.items() if key in entries}

    def settings(self, key: str) -> Mapping[str, Any]:
        """Return the nested settings of a run, ``{}`` where none are known."""
        entry = self.entries.get(key)
        return entry.settings if entry else {}

    def alike(self, key: str) -> str:
        """Return the name that follows from a run's settings, but for its seed."""
        return self.derived.get(key, "").partition(" · seed ")[0]

    def glance(self, key: str) -> Run:
        """Return what lists show of a run; read again only if one of its files has changed."""
        label, _, run_id = key.rpartition(":")
        folder = self.folders[label] / "artifacts" / run_id
        dates = tuple(_date(f"{folder}/{name}") for name in (STATUS, HISTORY, META))
        known = self.glances.get(key)
        if known is None or known[0] != dates:
            known = self.glances[key] = (dates, glance(folder))
        return known[1]

    def name(self, key: str) -> str:
        """Return what a run is called, by a person or by its settings; empty where nothing is known."""
        entry = self.entries.get(key)
        return (entry.about.name if entry else "") or self.derived.get(key, "")

    def title(self, key: str) -> str:
        """Return a run's key and name, for example ``"run-012 · FedProx 0.1 · seed 7"``."""
        return " · ".join(part for part in (key, self.name(key)) if part)

    def about(self, key: str) -> About:
        """Return what people say of a run."""
        entry = self.entries.get(key)
        return entry.about if entry else NOTHING_SAID


def _entry(folder: str, known: Entry | None) -> Entry:
    dates = ((_date(f"{folder}/{META}"), _date(f"{folder}/{CONFIG}")), _date(f"{folder}/{ABOUT}"))
    if known is not None and known.dates == dates:
        return known
    same = known is not None and known.dates[0] == dates[0]
    settings = known.settings if known is not None and same else quick_settings(Path(folder))
    return Entry(settings, read_about(Path(folder)), dates)


def _date(path: str) -> _Date:
    try:
        found = os.stat(path)
    except OSError:
        return 0, -1
    return found.st_mtime_ns, found.st_size
