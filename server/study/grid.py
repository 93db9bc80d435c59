"""From a command line to the runs of a study, each with its resolved settings; all are checked before one starts."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from omegaconf import DictConfig, open_dict

from common.config.dp import DpPlan
from common.config.final_model import SPLIT
from common.config.hospital import Hospital
from common.config.hydra import compose_config, compose_settings, load_hospitals, run_settings, typed
from common.config.overrides import flat, overrides_of, written
from common.config.privacy import NONE, SECAGG
from common.config.settings import AVERAGED, BITWISE_CODINGS, EVERY_WEIGHT, RunSettings, check_settings
from common.config.strategies import STRATEGIES, users_of
from common.errors import InputError
from common.files import absolute
from common.study.records import LOCAL, POOLED, Cell

_BELONGS_TO_CELLS = {"strategy": "study.strategies=[...]", "seed": "study.seeds=[...]"}
_REFUSED = ("resume", "in_service")
_OF_FINAL_MODELS = ("train.on", "figures_of")
_OF_CELLS = ("seed", "hospitals", "strategy")


@dataclass(frozen=True)
class PlannedCell:
    """A cell and the settings of its run, with absolute paths."""

    cell: Cell
    settings: RunSettings


def plan_cells(grid: "StudyGrid", overrides: Sequence[str]) -> list[PlannedCell]:
    """Compose every cell's run, seed by seed, the federations without a hospital last.

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
    return [PlannedCell(cell, _settings(composed[cell.strategy], cell, hospitals)) for cell in _cells(grid, hospitals)]


def _cells(grid: "StudyGrid", hospitals: Sequence[Hospital]) -> Iterator[Cell]:
    for seed in grid.seeds:
        yield from (Cell(name, seed) for name in grid.strategies)
    if grid.leave_one_out and grid.federated:
        for seed in grid.seeds:
            yield from (Cell(grid.federated, seed, hospital.name) for hospital in hospitals)


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


def _compose(strategy: str, grid: "StudyGrid", overrides: Sequence[str]) -> RunSettings:
    """Compose the settings of one strategy; a number goes to the strategies that use it, if any of the study does."""
    kept = [item for item in overrides if not _is_for_another(item, strategy, grid)]
    config = compose_config("study", [*kept, f"strategy={strategy}"])
    with open_dict(config):
        del config["study"]
    return run_settings(config)


def _is_for_another(override: str, strategy: str, grid: "StudyGrid") -> bool:
    number = override.partition("=")[0].removeprefix("strategy.")
    users = users_of(number)
    return strategy not in users and any(name in users for name in grid.strategies)


def _settings(composed: RunSettings, cell: Cell, hospitals: Sequence[Hospital]) -> RunSettings:
    """Return a cell's own settings."""
    own = RunSettings(**vars(composed))
    own.seed, own.in_service, own.resume = cell.seed, False, None
    own.hospitals = [hospital.key for hospital in hospitals if hospital.name != cell.without]
    own.output_dir = str(absolute(own.output_dir))
    own.data = type(own.data)(**vars(own.data))
    own.data.root, own.data.cache_dir = (str(absolute(path)) for path in (own.data.root, own.data.cache_dir))
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
    yield from (
        name
        for name in ("init", "compare", "cross_matrix", "fine_tune_rounds", "figures_of")
        if not getattr(settings, name)
    )


def fingerprint(settings: RunSettings) -> str:
    """Return `what_counts` as one line; two runs with the same one answer the same question."""
    return json.dumps(what_counts(settings), sort_keys=True)


def plan_sha256(cells: Sequence[PlannedCell]) -> str:
    """Return the SHA-256 of a study's plan, hexadecimal."""
    return hashlib.sha256("\n".join(fingerprint(each.settings) for each in cells).encode()).hexdigest()


def shared_settings(settings: RunSettings) -> dict[str, Any]:
    """Return what is meant to be alike in all cells: without seed, hospitals and strategy, which stand in each."""
    return {name: value for name, value in what_counts(settings).items() if name not in _OF_CELLS}


def unlike(cells: Sequence[PlannedCell]) -> tuple[str, ...]:
    """Say which strategies train with other settings than the first cell's, such as SCAFFOLD, which needs SGD."""
    first, said = flat(shared_settings(cells[0].settings)), {}
    for each in cells:
        own = flat(shared_settings(each.settings))
        differing = [f"{name}={value} (not {first[name]})" for name, value in own.items() if value != first[name]]
        if differing:
            said[each.cell.strategy] = f"{each.cell.strategy} trains with {', '.join(differing)}"
    return tuple(said.values())


FEWEST_TO_LEAVE_ONE_OUT = 3


@dataclass
class StudyGrid:
    """The grid of a study."""

    name: str = "study"
    """What it is called on pages and the terminal."""
    strategies: list[str] = field(default_factory=list)
    """Names of files under ``conf/strategy/``; the questions are about the first that is no baseline."""
    seeds: list[int] = field(default_factory=list)
    """Each strategy runs once with each."""
    leave_one_out: bool = False
    """Whether that first strategy also runs without each hospital in turn."""

    @property
    def federated(self) -> str | None:
        """The strategy that the questions are about; None if all are baselines."""
        return next((name for name in self.strategies if name not in (LOCAL, POOLED)), None)


@dataclass
class StudySettings(RunSettings):
    """A run's settings, which every cell has in common, and the grid."""

    study: StudyGrid = field(default_factory=StudyGrid)


def study_grid(config: DictConfig) -> StudyGrid:
    """Turn a composed configuration into a checked grid.

    Raises
    ------
    InputError
        ``STUDY001`` for a grid that cannot be, ``CONF001``, ``CONF004`` for an unknown key or a wrong type.
    """
    settings = typed(config, StudySettings)
    check_grid(settings.study, len(settings.hospitals))
    return settings.study


def check_grid(grid: StudyGrid, hospitals: int) -> None:
    """Refuse a grid that cannot be; the parameters are a grid and the number of hospitals that take part."""
    for name in ("strategies", "seeds"):
        values = getattr(grid, name)
        if not values:
            raise InputError("STUDY001", f"study.{name} is empty; list at least one, for example {_EXAMPLES[name]}.")
        if twice := [value for value, times in Counter(values).items() if times > 1]:
            raise InputError("STUDY001", f"study.{name} lists {twice[0]} twice; name each once.")
    if unknown := [name for name in grid.strategies if name not in STRATEGIES]:
        raise InputError("STUDY001", f"There is no strategy '{unknown[0]}'; choose from: {', '.join(STRATEGIES)}.")
    if grid.leave_one_out and grid.federated is None:
        raise InputError("STUDY001", "study.leave_one_out needs a federated strategy in study.strategies.")
    if grid.leave_one_out and hospitals < FEWEST_TO_LEAVE_ONE_OUT:
        raise InputError(
            "STUDY001",
            f"Leaving a hospital out of {hospitals} leaves no federation; set study.leave_one_out=false, or name at "
            f"least {FEWEST_TO_LEAVE_ONE_OUT} hospitals.",
        )


_EXAMPLES = {"strategies": "study.strategies=[local,fedavg,pooled]", "seeds": "study.seeds=[42,43,44]"}


def run_arguments(settings: RunSettings) -> list[str]:
    """Return the overrides of a new run, for example ``["strategy=fedavg", "rounds=3"]``.

    Raises
    ------
    InputError
        ``STUDY004`` if a value does not survive the command line (a path with signs that Hydra reads as its own).
    """
    arguments = overrides_of(asdict(settings))
    if compose_settings(arguments) != settings:
        raise InputError("STUDY004", f"These settings cannot be handed to a run: {' '.join(arguments)}")
    return arguments


def resume_arguments(settings: RunSettings, run_id: str) -> list[str]:
    """Return the overrides that go on with a run: where things are may have changed, nothing else."""
    return [
        f"resume={run_id}",
        f"output_dir={written(settings.output_dir)}",
        f"data.root={written(settings.data.root)}",
        f"data.cache_dir={written(settings.data.cache_dir)}",
        f"compute.engine={settings.compute.engine}",
        f"compute.device={settings.compute.device}",
    ]
