"""Which cells are done already: by the resolved settings in the run folders and the runs' own state, not by a name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.artifacts.layout import RunFolder
from common.artifacts.load import list_runs, load_run, load_splits
from common.artifacts.schema import Run
from common.artifacts.values import mapping, text
from common.errors import InputError
from common.study.records import Cell
from server.recording.resume import stored_settings
from server.recording.stale_runs import idle, mark_stale
from server.study.grid import PlannedCell, fingerprint

PROGRAM = "server.simulate"
_SIMULATED = ("ray", "inprocess")


@dataclass(frozen=True)
class KnownRun:
    """A run whose settings are those of a cell."""

    run: Run
    busy: bool
    """Whether another process is at work on it."""
    files: Mapping[str, str]
    """Hospital's name to the hash of its list of files."""

    @property
    def completed(self) -> bool:
        """Whether its test figures are there."""
        return self.run.state == "completed" and bool(self.run.metrics)

    @property
    def number(self) -> int:
        """The run's number: the higher, the newer."""
        return int(self.run.run_id[4:])

    def agrees(self, files: Mapping[str, str]) -> bool:
        """Tell whether its hospitals had these files."""
        return all(files[name] == value for name, value in self.files.items() if name in files)

    @property
    def resumable(self) -> bool:
        """Whether it can be gone on with here."""
        stopped = self.run.state in ("failed", "interrupted")
        return stopped and not self.busy and self.run.status.engine in _SIMULATED


class KnownRuns:
    """Finds runs by their settings; a run's settings never change, so they are read once.

    Parameters
    ----------
    output_dir : Path
        Parent of ``artifacts/``.
    """

    def __init__(self, output_dir: Path) -> None:
        self._output_dir = output_dir
        self._fingerprints: dict[str, str] = {}

    def of(self, cells: Sequence[PlannedCell]) -> dict[Cell, KnownRun]:
        """Return the best run of each cell: a completed one, else one to resume, else one that is at work or broken.

        Completed runs count only if every hospital's list of files is that of the newest of them: what was computed
        from other slices is no pair.
        """
        runs = self._by_settings({fingerprint(each.settings) for each in cells})
        completed = [known for found in runs.values() for known in found if known.completed]
        files = max(completed, key=lambda known: known.number).files if completed else {}
        found = {}
        for each in cells:
            usable = [k for k in runs.get(fingerprint(each.settings), ()) if not k.completed or k.agrees(files)]
            if usable:
                found[each.cell] = max(usable, key=lambda k: (k.completed, k.resumable, k.busy, k.number))
        return found

    def _by_settings(self, wanted: set[str]) -> dict[str, list[KnownRun]]:
        found: dict[str, list[KnownRun]] = {}
        for run_id in list_runs(self._output_dir):
            settings = self._fingerprint(run_id)
            if settings in wanted:
                found.setdefault(settings, []).append(known_run(RunFolder(self._output_dir, run_id)))
        return found

    def _fingerprint(self, run_id: str) -> str | None:
        if run_id not in self._fingerprints:
            try:
                settings = stored_settings(RunFolder(self._output_dir, run_id))
            except InputError:  # of version 1, damaged, or of a run that has only just begun
                return None
            self._fingerprints[run_id] = fingerprint(settings)
        return self._fingerprints[run_id]


def known_run(folder: RunFolder) -> KnownRun:
    """Read a run; one whose process was killed is written down as interrupted first."""
    with idle(folder) as free:
        busy = not free
    run = load_run(folder.path)
    if run.state == "running" and not busy and run.status.engine in _SIMULATED:
        mark_stale(folder, PROGRAM)
        run = load_run(folder.path)
    splits, _ = load_splits(folder.path)
    hashes = {name: text(mapping(body).get("files_sha256")) for name, body in mapping(splits.get("hospitals")).items()}
    return KnownRun(run, busy, {name: value for name, value in hashes.items() if value})
