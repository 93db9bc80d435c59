"""Take up a run where it stopped: the settings are the run's own, only the place of things may have changed."""

from collections.abc import Sequence
from os.path import lexists
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from common.artifacts.layout import RunFolder, existing_run
from common.config.hydra import typed
from common.config.plain_yaml import UNREADABLE, literal, read_settings
from common.config.settings import PLAIN_CODING, RunSettings, check_settings
from common.errors import InputError
from common.files import absolute
from common.text import shown

# what may be said beside resume=...: where things are, and what must not change a figure
_ALLOWED = ("resume", "output_dir", "data.root", "data.cache_dir", "compute.engine", "compute.device")
# settings of `train` that earlier versions had, and the value at which each did nothing
_REMOVED = {"rounds_per_epoch": 1, "warmup_rounds": 0, "sam_rho": 0, "small_pixels": None, "small_share": 0}
# settings of `strategy` that later versions have, and the value at which each does nothing
_ADDED = {"clip_to_median": None, "weight_to_median": None}


def resumed_settings(requested: RunSettings, overrides: Sequence[str]) -> tuple[RunSettings, RunFolder]:
    """Return the settings of the run to go on with, and its folder.

    Parameters
    ----------
    requested : RunSettings
        As composed from this command line; `RunSettings.resume` is set.
    overrides : sequence of str
        What was typed, for example ``["resume=run-007", "data.root=/data"]``.

    Raises
    ------
    InputError
        ``RUN001`` no such run, ``RUN002`` it is complete or cannot go on, ``RUN005`` a setting that stays as it was.
    """
    names = [override.lstrip("+~").partition("=")[0] for override in overrides]
    if refused := [name for name in names if name not in _ALLOWED]:
        raise InputError(
            "RUN005",
            f"A resumed run keeps its settings, so {shown(refused[0])} cannot be set; leave it out, or start a new "
            "run.",
        )
    folder = existing_run(absolute(requested.output_dir), str(requested.resume))
    if lexists(folder.meta):
        raise InputError("RUN002", f"{folder.run_id} is complete; there is nothing to resume.")
    settings = stored_settings(folder)
    settings.resume, settings.output_dir = requested.resume, requested.output_dir
    if "data.root" in names:
        settings.data.root = requested.data.root
    if "data.cache_dir" in names:
        settings.data.cache_dir = requested.data.cache_dir
    if "compute.engine" in names:
        settings.compute.engine = requested.compute.engine
    if "compute.device" in names:
        settings.compute.device = requested.compute.device
    check_settings(settings)
    return settings, folder


def stored_settings(folder: RunFolder) -> RunSettings:
    """Read the settings that the run was started with."""
    try:
        values = read_settings(folder.config)
        _drop_removed(values, folder)
        _add_missing(values)
        return typed(OmegaConf.create(literal(values)), RunSettings)
    except (*UNREADABLE, OmegaConfBaseException):
        raise InputError("RUN002", f"{folder.config} is missing or damaged, so {folder.run_id} cannot go on.") from None


def _drop_removed(values: dict[str, Any], folder: RunFolder) -> None:
    """Take out what an earlier version wrote down; a value that did something cannot be followed any more."""
    train = values.get("train")
    if not isinstance(train, dict):
        return
    for name, unused in _REMOVED.items():
        if (value := train.pop(name, unused)) != unused:
            raise InputError(
                "RUN002",
                f"{folder.run_id} trains with train.{name}={shown(value)}, which this version no longer has, so it "
                "cannot go on; use the version that began it, or start a new run.",
            )


def _add_missing(values: dict[str, Any]) -> None:
    """Go on with a run of an earlier version as it began, without what has been added since."""
    values.setdefault("wire", {"name": PLAIN_CODING})
    strategy = values.get("strategy")
    if isinstance(strategy, dict):
        for name, unused in _ADDED.items():
            strategy.setdefault(name, unused)
