"""Of which models a run's first one was made, and whether what it tests has been trained on by one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from common.artifacts.external.trained_at import TrainedAt, trained_at
from common.artifacts.layout import RUN_ID, RunFolder
from common.artifacts.values import count, mapping, sequence, text
from common.errors import InputError
from common.protocol.description import Description
from common.text import counted, listed

_MOST = 1000  # generations


@dataclass(frozen=True)
class Ancestor:
    """A finished model that another was trained on from."""

    run: str
    model_sha256: str


@dataclass(frozen=True)
class Synthetic:
    """What a network was trained on before any hospital: images that this program made, of no patient."""

    images: int
    recipe: str
    """SHA-256 of everything that the weights follow from."""


@dataclass(frozen=True)
class Origin:
    """Where a run with ``init=...`` starts; ``init`` of ``model_meta.json``."""

    lineage: list[Ancestor] = field(default_factory=list)
    """The finished model that it trains on, if any, and those that it comes from, the nearest first."""
    synthetic: Synthetic | None = None
    """What the first of all these models was pre-trained on; None where the seed made it."""

    def to_json(self) -> dict[str, Any]:
        """Return it as the file keeps it."""
        trained = (
            {**asdict(self.lineage[0]), "lineage": [asdict(each) for each in self.lineage]} if self.lineage else {}
        )
        return trained | ({"synthetic": asdict(self.synthetic)} if self.synthetic else {})

    @staticmethod
    def of(meta: Mapping[str, Any], run_id: str, sha256: str) -> "Origin":
        """Return the origin of what is trained on from a finished run, by its ``model_meta.json``."""
        before = origin_of(meta) or Origin()
        return Origin([Ancestor(run_id, sha256), *before.lineage][:_MOST], before.synthetic)


def origin_of(meta: Mapping[str, Any]) -> Origin | None:
    """Read ``init`` of a ``model_meta.json``; None for a model that was trained from scratch."""
    found = mapping(meta.get("init"))
    pairs = [(text(mapping(each).get("run")), text(mapping(each).get("model_sha256"))) for each in _listed(found)]
    lineage = [Ancestor(run, sha256) for run, sha256 in pairs if run and sha256 and RUN_ID.fullmatch(run)]
    synthetic = _synthetic(mapping(found.get("synthetic")))
    return Origin(lineage, synthetic) if lineage or synthetic else None


def _synthetic(found: Mapping[str, Any]) -> Synthetic | None:
    images, recipe = count(found.get("images")), text(found.get("recipe"))
    return Synthetic(images, recipe) if images and recipe else None


def _listed(found: Mapping[str, Any]) -> Sequence[Any]:
    return sequence(found.get("lineage"))[:_MOST]


@dataclass(frozen=True)
class TrainedBefore:
    """Test slices that an ancestor trained on."""

    slices: int
    hospitals: list[str]  # names of those that hold them
    unknown: list[str]  # names of hospitals of which nobody can tell

    @property
    def sentence(self) -> str | None:
        """Say why the figures flatter the model; None where every test slice is new to it."""
        if self.slices:
            return (
                f"{counted(self.slices, 'test slice')} at {listed(self.hospitals)} {_was(self.slices)} trained on by a "
                "model that this one comes from, so the figures flatter it; keep seed, data.val_fraction and "
                "data.test_fraction of the run that init names."
            )
        if self.unknown:
            return (
                f"Whether test slices at {listed(self.unknown)} were trained on by a model that this one comes from is "
                "not known, since the slices there are not those of that run, or its record is gone."
            )
        return None


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def trained_before(output_dir: Path, origin: Origin, descriptions: Sequence[Description]) -> TrainedBefore:
    """Look up which test slices of these hospitals one of the origin's models was trained on."""
    known = [_recorded(output_dir, each) for each in origin.lineage]
    leaks = {said.name: _trained(said, [record for record in known if record is not None]) for said in descriptions}
    gone = any(record is None for record in known)
    unknown = [name for name, found in leaks.items() if found is None or (gone and not found)]
    trained = {name: len(found) for name, found in leaks.items() if found}
    return TrainedBefore(sum(trained.values()), list(trained), unknown)


def _recorded(output_dir: Path, ancestor: Ancestor) -> Mapping[str, TrainedAt] | None:
    try:
        return trained_at(RunFolder(output_dir, ancestor.run))
    except InputError:
        return None


def _trained(said: Description, records: Sequence[Mapping[str, TrainedAt]]) -> set[int] | None:
    """Return a hospital's test slices that were trained on; None where its files are others than then."""
    found: set[int] = set()
    for record in records:
        before = record.get(said.key)
        if before is None:  # it took no part
            continue
        if (before.files_sha256, before.file_count) != (said.files_sha256, said.file_count):
            return None
        found |= before.train & set(said.test_idx)
    return found
