"""The finished run that tested a recipe: its figures stand in for those of a final model, which no slice can test."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from common.artifacts.external.trained_at import TrainedAt, read_object, trained_at
from common.artifacts.layout import RunFolder, existing_run
from common.artifacts.ledger.check import require_verified
from common.artifacts.service import read_familiarity
from common.artifacts.values import mapping, sequence, text
from common.config.overrides import flat
from common.config.settings import BITWISE_CODINGS, PLAIN_CODING, RunSettings
from common.errors import InputError
from common.files import absolute
from common.metrics.familiar.file import Recorded, decode
from common.protocol.description import Description
from common.text import shown

# what may differ: what makes a final model of a recipe, which part was held back, and where and how it was computed
_FREE = (
    "train.on",
    "figures_of",
    "in_service",
    "keep_updates",
    "cross_matrix",
    "fine_tune_rounds",
    "resume",
    "output_dir",
    "data.root",
    "data.cache_dir",
    "data.keep_cases",
    "data.folds",
    "data.fold",
    "strategy.wait_seconds",
    "strategy.timeout_seconds",
    "strategy.attempts",
)


@dataclass(frozen=True)
class Recipe:
    """A finished run, by its files; they were compared with its ledger."""

    run_id: str
    meta: Mapping[str, Any]
    """``model_meta.json``; its ``metrics`` hold a test."""
    hospitals: Mapping[str, TrainedAt]
    """By key."""
    distances: Recorded | None
    """What told an image that is unlike the slices of training; None where it recorded nothing for it."""

    def same_slices(self, descriptions: Iterable[Description]) -> bool:
        """Tell whether the hospitals still hold the slices on which the recipe was tested."""
        now = {said.key: (said.files_sha256, said.file_count) for said in descriptions}
        return now == {key: (each.files_sha256, each.file_count) for key, each in self.hospitals.items()}


def recipe_of(settings: RunSettings) -> Recipe | None:
    """Read the run that tested the recipe of a final model; None for a run that tests its own.

    Raises
    ------
    InputError
        ``RUN001`` no such run, ``FINAL001`` it has no test of its own, ``FINAL002`` it had other settings; as
        `require_verified`, and ``MODEL004`` for a file that is missing or cannot be read.
    """
    if not settings.figures_of:
        return None
    folder = existing_run(absolute(settings.output_dir), settings.figures_of)
    meta = _tested(folder)
    for name, then, now in _differences(mapping(meta.get("settings")), settings):
        raise InputError(
            "FINAL002",
            f"{folder.run_id} was trained with {name}={shown(then)} and this run has {shown(now)}, so its figures are "
            "not those of this recipe; set what it had, or name another run in figures_of.",
        )
    found = read_familiarity(folder.path, meta)
    return Recipe(folder.run_id, meta, trained_at(folder), decode(found) if found else None)


def _tested(folder: RunFolder) -> Mapping[str, Any]:
    """Return the meta file of a run that is complete and tested its model itself."""
    if read_object(folder.status).get("state") != "completed" or not folder.meta.exists():
        raise InputError("FINAL001", f"{folder.run_id} is not completed, so it has no figures; let it end first.")
    require_verified(folder)
    meta = read_object(folder.meta)
    if other := text(mapping(meta.get("metrics_of")).get("run")):
        raise InputError(
            "FINAL001", f"{folder.run_id} has no figures of its own, but those of {other}; set figures_of={other}."
        )
    if not mapping(mapping(meta.get("metrics")).get("per_hospital")) or not mapping(meta.get("settings")):
        raise InputError(
            "FINAL001", f"{folder.run_id} recorded no settings or no test; name another run in figures_of."
        )
    return meta


def _differences(recorded: Mapping[str, Any], settings: RunSettings) -> Iterator[tuple[str, Any, Any]]:
    """Yield each setting of the recipe that is another now; one that is not recorded stood at its default."""
    usual, then, now = (flat(each) for each in (asdict(RunSettings()), recorded, asdict(settings)))
    for name, value in now.items():
        before = then.get(name, usual[name])
        if name.startswith("compute.") or name in _FREE or _alike(name, before, value):
            continue
        yield name, before, value


def _alike(name: str, before: Any, value: Any) -> bool:
    if name == "wire.name":  # a simulation sends nothing, so what keeps every bit is one coding
        before, value = (PLAIN_CODING if each in BITWISE_CODINGS else each for each in (before, value))
    if isinstance(value, list):
        return list(sequence(before)) == value
    return bool(before == value)
