"""The settings of an evaluation: those of the finished run, at the hospitals and places that the command line names."""

from collections.abc import Sequence
from dataclasses import asdict

from common.artifacts.layout import RunFolder, existing_run
from common.config.hydra import compose_settings
from common.config.overrides import flat
from common.config.settings import RunSettings
from common.errors import InputError
from common.files import absolute
from common.text import shown
from server.recording.resume import stored_settings

# what may be said beside the run: where, on what, and how long to wait
_ALLOWED = (
    "hospitals",
    "output_dir",
    "data.root",
    "data.cache_dir",
    "data.keep_cases",
    "compute.engine",
    "compute.device",
    "compute.cores",
    "compute.threads",
    "strategy.min_hospitals",
    "strategy.wait_seconds",
    "strategy.timeout_seconds",
)


def evaluation_settings(run_id: str, overrides: Sequence[str]) -> tuple[RunSettings, RunFolder]:
    """Return the settings of an evaluation, and the folder of the run whose model is evaluated.

    Parameters
    ----------
    overrides : sequence of str
        What was typed, for example ``["hospitals=[new]", "data.root=/data"]``.

    Raises
    ------
    InputError
        ``RUN001`` no such run, ``MODEL006`` no hospital is named, ``MODEL007`` a setting that is not the run's own;
        else as `compose_settings`.
    """
    given = [override.lstrip("+~").partition("=")[0] for override in overrides]
    if "hospitals" not in given:
        raise InputError("MODEL006", "Say where the model is to be evaluated, for example hospitals=[aiims_delhi].")
    requested = compose_settings(list(overrides))
    folder = existing_run(absolute(requested.output_dir), run_id)
    settings = stored_settings(folder)
    _refuse_others(given, flat(asdict(requested)), flat(asdict(settings)), folder.run_id)
    settings.hospitals, settings.output_dir, settings.compute = (
        requested.hospitals,
        requested.output_dir,
        requested.compute,
    )
    for name in ("root", "cache_dir", "keep_cases"):
        setattr(settings.data, name, getattr(requested.data, name))
    wanted, strategy = requested.strategy, settings.strategy
    strategy.min_hospitals, strategy.wait_seconds = wanted.min_hospitals, wanted.wait_seconds
    strategy.timeout_seconds = wanted.timeout_seconds
    if strategy.min_hospitals is not None and strategy.min_hospitals > len(settings.hospitals):
        raise InputError(
            "CONF010",
            f"strategy.min_hospitals={strategy.min_hospitals} cannot be; there are {len(settings.hospitals)} to ask.",
        )
    return settings, folder


def _refuse_others(given: Sequence[str], wanted: dict[str, object], own: dict[str, object], run_id: str) -> None:
    """Refuse what is not the run's own, such as another network or another size of slices."""
    for name in given:
        if name in _ALLOWED:
            continue
        meant = [each for each in own if each == name or each.startswith(f"{name}.")]
        for each in meant:
            if wanted[each] != own[each]:
                raise InputError(
                    "MODEL007",
                    f"{run_id} was trained with {each}={shown(own[each])}, so its model cannot be evaluated with "
                    f"{shown(wanted[each])}; leave that setting out.",
                )
        if not meant:
            raise InputError("MODEL007", f"An evaluation keeps the settings of {run_id}, so leave {shown(name)} out.")
