"""Hydra at the edge: from a command line to typed settings, and from Hydra's errors to one sentence.

This is the only module of ``common/`` that imports Hydra; training, audit and artifacts work without it.
"""

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import hydra
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from common import cli
from common.config.architectures import ARCHITECTURES
from common.config.hospital import Hospital, hospital_from
from common.config.hydra_errors import CONFIG_EXCEPTIONS, config_error, suggest
from common.config.partition import as_part, dealt_keys, source_of
from common.config.plain_yaml import UNREADABLE, read_settings
from common.config.settings import RunSettings, check_settings
from common.errors import InputError, Interrupted, ProjectError
from common.files import why
from common.text import shown

CONF_DIR: Path = Path(__file__).resolve().parents[2] / "conf"

T = TypeVar("T")
_ONE_AT_A_TIME = threading.Lock()  # Hydra has one state for the whole process, and a dashboard a thread a visitor


def _store_defaults() -> None:
    """Give Hydra each field's default as a plain value, so that ``conf/`` holds what differs."""
    store = ConfigStore.instance().store
    values = asdict(RunSettings())
    for name in ARCHITECTURES:
        store(group="model", name=name, node={"name": name})
    places_first = {"root": None, "cache_dir": None} | values.pop("data")
    store(group="data", name="default", node=places_first)
    store(group="partition", name="none", node=values.pop("partition"))
    for group in ("train", "compute"):
        store(group=group, name="default", node=values.pop(group))
    del values["model"], values["wire"], values["strategy"]["name"]  # chosen for each run, in conf/config.yaml's list
    store(name="settings", node=values)


_store_defaults()


def run_main(task: Callable[[DictConfig], None], config_name: str) -> None:
    """Run a Hydra program and leave with the project's exit codes.

    A sweep (``-m``) goes on after a run that failed and leaves with the first failure's code; Ctrl-C ends all of it.

    Parameters
    ----------
    task : callable
        Gets the composed configuration; raises `ProjectError` for what a person can act on.
    config_name : str
        Name of the primary file under ``conf/``.
    """
    cli.print_anything()
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises instead of printing a page and leaving with 1
    errors: list[ProjectError] = []
    begun: list[DictConfig] = []

    def catching(config: DictConfig) -> None:
        begun.append(config)
        try:
            task(config)
        except ProjectError as error:  # kept from Hydra, which would print the overrides around it
            if isinstance(error, Interrupted) or HydraConfig.get().mode != RunMode.MULTIRUN:
                cli.leave(error)
            cli.say(error)
            errors.append(error)

    try:
        hydra.main(version_base="1.3", config_path=str(CONF_DIR), config_name=config_name)(catching)()
    except CONFIG_EXCEPTIONS as error:
        if begun and not isinstance(error, HydraException | OmegaConfBaseException):
            raise  # a fault of this program, not of the command line
        cli.leave(config_error(error))
    except OSError as error:
        if error.filename is None:  # not of a place: a pipe whose reader left
            raise
        if begun:
            cli.leave(cli.unusable(error))
        cli.leave(
            InputError(
                "OUT001",
                f"{error.filename} cannot be written ({error.strerror}); choose another place with output_dir=...",
            )
        )
    except KeyboardInterrupt:
        cli.leave(Interrupted("RUN130", "Stopped before the run had started; nothing was written of it."))
    if errors:
        print(f"{len(errors)} of the sweep's runs could not be done.", file=sys.stderr, flush=True)
        raise SystemExit(errors[0].exit_code)


def typed(config: DictConfig, schema: type[T]) -> T:
    """Turn a composed configuration into a settings object.

    Parameters
    ----------
    config : DictConfig
        What Hydra composed.
    schema : type
        A dataclass such as `RunSettings`.

    Raises
    ------
    InputError
        For an unknown key or a wrong type (``CONF001``, ``CONF004``).
    """
    try:
        return OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(schema), config))  # type: ignore[return-value]
    except (OmegaConfBaseException, OverflowError, RecursionError) as error:
        raise config_error(error) from None


def run_settings(config: DictConfig) -> RunSettings:
    """Turn a composed configuration into checked `RunSettings`.

    Raises
    ------
    InputError
        ``CONF011`` for a study; else as `typed` and `check_settings`.
    """
    if "study" in config:
        raise InputError("CONF011", "That is a study of many runs, not a run; start it with python -m server.study ...")
    settings = typed(config, RunSettings)
    settings.hospitals = dealt_keys(settings.hospitals, settings.partition)
    check_settings(settings)
    return settings


def compose_settings(overrides: list[str]) -> RunSettings:
    """Compose ``conf/config.yaml`` with overrides, without a command line.

    Parameters
    ----------
    overrides : list of str
        As on the command line: ``["rounds=3", "train.lr=1e-3"]``.
    """
    return run_settings(compose_config("config", overrides))


def compose_config(name: str, overrides: list[str]) -> DictConfig:
    """Compose a primary file of ``conf/`` with overrides, without a command line.

    Raises
    ------
    InputError
        If a setting or a choice is unknown, or an override cannot be read (``CONF001`` to ``CONF004``).
    """
    with _ONE_AT_A_TIME:
        GlobalHydra.instance().clear()
        try:
            with initialize_config_dir(str(CONF_DIR), version_base="1.3"):
                return compose(name, overrides=overrides)
        except CONFIG_EXCEPTIONS as error:
            raise config_error(error) from None


def load_hospital(key: str, conf_dir: Path = CONF_DIR) -> Hospital:
    """Read ``conf/hospital/<key>.yaml``.

    Raises
    ------
    InputError
        If there is no such file, or it does not describe a hospital.
    """
    folder = conf_dir / "hospital"
    available = sorted(path.stem for path in folder.glob("*.yaml"))
    if key not in available:
        raise InputError(
            "CONF005",
            f"There is no hospital '{shown(key)}'{suggest(key, available)} Add conf/hospital/{shown(key)}.yaml, "
            f"or choose from: {', '.join(available)}.",
        )
    try:
        return hospital_from(read_settings(folder / f"{key}.yaml"), key)
    except UNREADABLE as error:
        raise InputError("CONF006", f"conf/hospital/{key}.yaml cannot be read ({why(error)}).") from None


def load_hospitals(keys: list[str], fewest: int = 2) -> list[Hospital]:
    """Read the hospitals that take part, in the given order; a part of a folder is a hospital of its own.

    Raises
    ------
    InputError
        If fewer than `fewest` are named, or two of them share a key or a name.
    """
    if len(keys) < fewest:
        raise InputError(
            "CONF008",
            "A federation needs at least two hospitals; list them as hospitals=[aiims_delhi,nimhans_bengaluru].",
        )
    hospitals = [_hospital_or_part(key) for key in keys]
    for values in ([h.key for h in hospitals], [h.name for h in hospitals]):
        twice = [value for value in values if values.count(value) > 1]
        if twice:
            raise InputError("CONF009", f"'{shown(twice[0])}' is listed twice in hospitals; name each hospital once.")
    return hospitals


def _hospital_or_part(key: str) -> Hospital:
    source = source_of(key)
    return as_part(load_hospital(source), key) if source else load_hospital(key)
