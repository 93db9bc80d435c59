"""A number for each hospital of a folder, by its key, which gives it one colour in all runs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from common.artifacts import load


@dataclass
class Numbers:
    """The numbers of a folder's hospitals, shared by all visitors; a run is read once."""

    known: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """By the folder of each run that has said which hospitals it has: name to key."""
    counted: tuple[str, ...] = ()
    found: dict[str, int] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def of(self, runs: Sequence[str]) -> Mapping[str, int]:
        """Return the number of each hospital of these runs, by name; runs by their folders, the oldest first."""
        with self.lock:
            for folder in runs:
                if folder not in self.known and (hospitals := load.load_hospital_keys(Path(folder))):
                    self.known[folder] = hospitals
            counted = tuple(folder for folder in runs if folder in self.known)
            if counted != self.counted:
                self.counted, self.found = counted, slots(self.known[folder] for folder in counted)
            return self.found


def slots(runs: Iterable[Mapping[str, str]]) -> dict[str, int]:
    """Number hospitals in the order in which runs brought them in; one that changed its name keeps its number.

    Parameters
    ----------
    runs : iterable of mapping
        Of each run, the oldest first: name of each hospital to its key.
    """
    by_key: dict[str, int] = {}
    by_name: dict[str, int] = {}
    for hospitals in runs:
        for name, key in hospitals.items():
            if name not in by_name:
                taken = {by_name[other] for other in hospitals if other in by_name}
                known = by_key.get(key)
                unused = max(by_name.values(), default=-1) + 1
                by_name[name] = unused if known is None or known in taken else known
            by_key.setdefault(key, by_name[name])
    return by_name
