"""Everything that a run recorded, read once, with the hash of each file that an answer can point to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from common import files
from common.artifacts import layout
from common.artifacts.load import load_run, load_settings, load_splits
from common.artifacts.schema import HospitalData, Run
from common.artifacts.values import Notes, count, mapping, matrix, read_json, sequence, text
from common.errors import Problem
from common.labels import NUM_CLASSES

RECORDS = (
    layout.STATUS,
    layout.STATS,
    layout.SPLITS,
    layout.HISTORY,
    layout.META,
    layout.LABEL_MAP,
    layout.CONFIG,
    layout.CARD,
    layout.LEDGER,
    layout.PRIVACY_AUDIT,
)
"""What a dossier takes over from a run's folder: all that it can be made of, and no weights."""
SERVICE_META = f"models/{layout.META}"  # where version 1 kept its test figures


@dataclass(frozen=True)
class Evaluation:
    """An evaluation of the run's model, without training."""

    name: str
    """For example ``"evaluation-001"``."""
    file: str
    """Path below the output folder."""
    meta: Mapping[str, Any]

    @property
    def metrics(self) -> Mapping[str, Any]:
        """Its figures, as ``model_meta.json`` has them; ``{}`` where there are none."""
        return mapping(self.meta.get("metrics"))

    @property
    def elsewhere(self) -> Mapping[str, Any]:
        """Its figures at hospitals that did not train the model; all of them where that is not recorded apart."""
        return mapping(self.meta.get("elsewhere")) if "elsewhere" in self.meta else self.metrics

    @property
    def hospitals(self) -> list[str]:
        """Whom it asked, by name."""
        named = [each if isinstance(each, str) else mapping(each).get("name") for each in self._asked]
        return [name for name in named if isinstance(name, str)]

    @property
    def _asked(self) -> Sequence[Any]:
        asked = self.meta.get("hospitals")
        return list(mapping(asked)) or sequence(asked)


@dataclass(frozen=True)
class Evidence:
    """The files of one run, below a folder that is laid out as an output folder is."""

    root: Path
    run: Run
    settings: Mapping[str, Any]
    splits: Mapping[str, Any]
    evaluations: tuple[Evaluation, ...]
    sha256: Mapping[str, str]
    """Path below `root` to the hash of what lies there, of each file that is there and can be read."""
    problems: tuple[Problem, ...]

    @property
    def meta(self) -> Mapping[str, Any]:
        """``model_meta.json``; ``{}`` where there is none."""
        return self.run.meta

    @property
    def metrics(self) -> Mapping[str, Any]:
        """The test figures; ``{}`` where there are none."""
        return self.run.metrics

    @property
    def test_slices(self) -> int | None:
        """On how many slices the test figures rest; of a model that trained on every slice, another run's."""
        counts = matrix(self.metrics.get("confusion_matrix"), NUM_CLASSES) if self.run.measured_with else None
        return sum(map(sum, counts)) if counts else count(self.meta.get("test_samples"))

    @property
    def figures(self) -> Mapping[str, Any]:
        """What ``metrics.figures`` holds (AUROC, net benefit, patients); ``{}`` for a run before there was such."""
        return mapping(self.metrics.get("figures"))

    @property
    def hospitals(self) -> tuple[HospitalData, ...]:
        """What each hospital holds, in configured order."""
        return tuple(self.run.hospitals.values())

    @cached_property
    def card(self) -> bytes | None:
        """The model card as it stands."""
        try:
            return files.read_bytes(self.run.folder / layout.CARD)
        except OSError:
            return None

    def part(self, name: str) -> Mapping[str, Any]:
        """Return a group of settings, such as ``train``; ``{}`` where it is not recorded."""
        return mapping(self.settings.get(name))

    def path_of(self, name: str) -> str | None:
        """Return where a file of the run lies below `root`; None where it is not there."""
        paths = (f"artifacts/{self.run.run_id}/{name}", name, f"models/{name}")
        return next((path for path in paths if path in self.sha256), None)


def read_evidence(root: Path, run_id: str) -> Evidence:
    """Read a run below an output folder; what is missing or damaged becomes a `Problem`, never an error."""
    folder = root / "artifacts" / run_id
    run = load_run(folder)
    settings, unset = load_settings(folder)
    splits, unsplit = load_splits(folder)
    notes = Notes(layout.EVALUATION)
    evaluations = tuple(_evaluations(root, run_id, notes))
    known = [f"artifacts/{run_id}/{name}" for name in RECORDS] + [each.file for each in evaluations]
    if run.meta and not (folder / layout.META).exists():
        known.append(SERVICE_META)
    found = {name: digest for name in known if (digest := _digest(root / name))}
    return Evidence(root, run, settings, splits, evaluations, found, (*run.problems, *unset, *unsplit, *notes.problems))


def _evaluations(root: Path, run_id: str, notes: Notes) -> Iterator[Evaluation]:
    for path in sorted((root / "artifacts").glob(f"evaluation-*/{layout.EVALUATION}")):
        meta = mapping(read_json(path, notes))
        of = meta.get("of")
        if run_id in (text(of), text(mapping(of).get("run_id"))):
            yield Evaluation(path.parent.name, path.relative_to(root).as_posix(), meta)


def _digest(path: Path) -> str | None:
    try:
        return files.sha256_of(path)
    except OSError:
        return None
