"""From a command line to the runs of a study, each with its resolved settings; all are checked before one starts."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from omegaconf import open_dict

from common.config.dp import DpPlan
from common.config.final_model import SPLIT
from common.config.hospital import Hospital
from common.config.hydra import compose_config, load_hospitals, run_settings
from common.config.overrides import flat
from common.config.partition import source_of
from common.config.privacy import NONE, SECAGG
from common.config.settings import AVERAGED, BITWISE_CODINGS, EVERY_WEIGHT, RunSettings, check_settings
from common.config.strategies import users_of
from common.errors import InputError
from common.files import absolute
from common.study.records import Cell
from server.study.grid_settings import StudyGrid

_BELONGS_TO_CELLS = {
    "strategy": "study.strategies=[...]",
    "seed": "study.seeds=[...]",
    "data.folds": "study.folds=5",
    "data.fold": "study.folds=5",
}
_REFUSED = ("resume", "in_service")
_OF_FINAL_MODELS = ("train.on", "figures_of")
_OF_CELLS = ("seed", "hospitals", "strategy")
_OF_FOLDS = ("folds", "fold")


@dataclass(frozen=True)
class PlannedCell:
    """A cell and the settings of its run, with absolute paths."""

    cell: Cell
    settings: RunSettings
    beside: bool = False
    """Whether its figures are only shown beside the study's where its run is there already; it is never run."""


def plan_cells(grid: StudyGrid, overrides: Sequence[str]) -> list[PlannedCell]:
    """Compose every cell's run, seed by seed; then those without a hospital, then what is only shown beside.

    Parameters
    ----------
    grid : StudyGrid
        Checked.
    overrides : sequence of str
        As typed, ``study.*`` included.

    Raises
    ------
    InputError
        ``STUDY003`` for a setting that each cell has for itself; else what is wrong with a cell's settings.
    """
    _refuse_cell_settings(overrides)
    composed = {name: _compose(name, grid, overrides) for name in grid.strategies}
    hospitals = load_hospitals(next(iter(composed.values())).hospitals)

    def planned(cell: Cell, beside: bool = False) -> PlannedCell:
        return PlannedCell(cell, _settings(composed[cell.strategy], cell, hospitals, grid), beside)

    return [*map(planned, _cells(grid, hospitals)), *(planned(cell, True) for cell in _beside(grid))]


def _cells(grid: StudyGrid, hospitals: Sequence[Hospital]) -> Iterator[Cell]:
    folds = range(1, grid.folds + 1) if grid.folds else (None,)
    for seed in grid.seeds:
        yield from (Cell(name, seed, fold=fold) for fold in folds for name in grid.strategies)
    for seed in grid.seeds:
        yield from (Cell(name, seed, each.name) for name in grid.left_out_with for each in hospitals)


def _beside(grid: StudyGrid) -> Iterator[Cell]:
    """Yield the runs on their own split, which a study of folds does without."""
    if grid.folds:
        yield from (Cell(name, seed) for seed in grid.seeds for name in grid.strategies)


def _refuse_cell_settings(overrides: Sequence[str]) -> None:
    for name in (override.lstrip("+~").partition("=")[0] for override in overrides):
        if name in _BELONGS_TO_CELLS:
            raise InputError("STUDY003", f"Each run of a study has its own {name}; set {_BELONGS_TO_CELLS[name]}.")
        if name in _REFUSED:
            raise InputError(
                "STUDY003", f"{name} is not for a study: it resumes its runs by itself and puts none in service."
            )
        if name in _OF_FINAL_MODELS:
            raise InputError("STUDY003", f"{name} is not for a study: a final model has no figures of its own.")


def _compose(strategy: str, grid: StudyGrid, overrides: Sequence[str]) -> RunSettings:
    """Compose the settings of one strategy; a number goes to the strategies that use it, if any of the study does."""
    kept = [item for item in overrides if not _is_for_another(item, strategy, grid)]
    config = compose_config("study", [*kept, f"strategy={strategy}"])
    with open_dict(config):
        del config["study"]
    return run_settings(config)


def _is_for_another(override: str, strategy: str, grid: StudyGrid) -> bool:
    number = override.partition("=")[0].removeprefix("strategy.")
    users = users_of(number)
    return strategy not in users and any(name in users for name in grid.strategies)


def _settings(composed: RunSettings, cell: Cell, hospitals: Sequence[Hospital], grid: StudyGrid) -> RunSettings:
    """Return a cell's own settings."""
    own = RunSettings(**vars(composed))
    own.seed, own.in_service, own.resume = cell.seed, False, None
    own.hospitals = [hospital.key for hospital in hospitals if hospital.name != cell.without]
    own.output_dir = str(absolute(own.output_dir))
    own.data = type(own.data)(**vars(own.data))
    own.data.root, own.data.cache_dir = (str(absolute(path)) for path in (own.data.root, own.data.cache_dir))
    if cell.fold is not None:
        own.data = replace(own.data, folds=grid.folds, fold=cell.fold)
    if grid.parallel > 1:
        own.compute = replace(own.compute, threads=own.compute.threads or 1)
    check_settings(own)  # of fewer hospitals, too
    return own


def what_counts(settings: RunSettings) -> dict[str, Any]:
    """Return the settings that a figure follows from: all but places, and how the machine is used."""
    values = asdict(settings)
    for name in ("output_dir", "resume", "in_service", "keep_updates", *_unused(settings)):
        del values[name]
    values["data"] |= {"root": str(absolute(settings.data.root))}
    del values["data"]["cache_dir"], values["data"]["keep_cases"]
    values["compute"] = {"device": settings.compute.device}
    for part, name in _unused_of_parts(settings):
        del values[part][name]
    return values


def _unused_of_parts(settings: RunSettings) -> Iterator[tuple[str, str]]:
    """Yield as `_unused` what stands in a part of the settings."""
    if settings.data.slice_step == 1:
        yield "data", "slice_step"
    if not settings.data.folds:
        yield from (("data", name) for name in ("folds", "fold"))
    if settings.train.part == EVERY_WEIGHT:
        yield "train", "part"
    if settings.train.statistics == AVERAGED:
        yield "train", "statistics"
    if settings.train.on == SPLIT:
        yield "train", "on"
    if settings.privacy.name == SECAGG:
        yield from (("privacy", each.name) for each in fields(DpPlan))


def _unused(settings: RunSettings) -> Iterator[str]:
    """Yield what an earlier version did not know and this run does not use, so that an earlier study goes on."""
    if settings.wire.name in BITWISE_CODINGS:
        yield "wire"
    if settings.privacy.name == NONE:
        yield "privacy"
    if not any(map(source_of, settings.hospitals)):
        yield "partition"
    yield from (
        name
        for name in ("init", "compare", "cross_matrix", "fine_tune_rounds", "figures_of")
        if not getattr(settings, name)
    )


def fingerprint(settings: RunSettings) -> str:
    """Return `what_counts` as one line; two runs with the same one answer the same question."""
    return json.dumps(what_counts(settings), sort_keys=True)


def plan_sha256(cells: Sequence[PlannedCell], external: bool = False) -> str:
    """Return the SHA-256 of a study's plan, hexadecimal.

    Parameters
    ----------
    external : bool
        Whether models are tested where they were not trained, too.
    """
    lines = [fingerprint(each.settings) for each in cells if not each.beside]
    return hashlib.sha256("\n".join([*lines, *(["external"] if external else [])]).encode()).hexdigest()


def shared_settings(settings: RunSettings) -> dict[str, Any]:
    """Return what is meant to be alike in all cells: without seed, hospitals, strategy, fold: each cell's own."""
    shared = {name: value for name, value in what_counts(settings).items() if name not in _OF_CELLS}
    return shared | {"data": {name: value for name, value in shared["data"].items() if name not in _OF_FOLDS}}


def unlike(cells: Sequence[PlannedCell]) -> tuple[str, ...]:
    """Say which strategies train with other settings than the first cell's, such as SCAFFOLD, which needs SGD."""
    first, said = flat(shared_settings(cells[0].settings)), {}
    for each in cells:
        own = flat(shared_settings(each.settings))
        differing = [f"{name}={value} (not {first[name]})" for name, value in own.items() if value != first[name]]
        if differing:
            said[each.cell.strategy] = f"{each.cell.strategy} trains with {', '.join(differing)}"
    return tuple(said.values())
