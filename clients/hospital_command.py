"""What a hospital's commands on its own slices share: which hospital, a bar, a file for its owner's eyes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from common import files
from common.config.hospital import Hospital, hospital_from
from common.config.hydra import CONF_DIR, typed
from common.config.settings import DataSettings, TrainPlan, check_plan, check_values
from common.errors import InputError


class HasData(Protocol):
    """Settings of a command that looks at slices as a run does."""

    data: DataSettings


T = TypeVar("T", bound=HasData)


def take_settings(config: DictConfig, schema: type[T]) -> tuple[Hospital, T]:
    """Split a composed configuration into ``hospital=NAME`` and the command's own, checked settings.

    Raises
    ------
    InputError
        ``CONF005`` if no hospital was named; else as `typed` and `check_plan`.
    """
    key = HydraConfig.get().runtime.choices.get("hospital")
    if not key or OmegaConf.is_missing(config, "hospital"):
        known = ", ".join(sorted(path.stem for path in (CONF_DIR / "hospital").glob("*.yaml")))
        raise InputError("CONF005", f"Say which hospital this is: hospital=NAME, one of {known}.")
    hospital = hospital_from(OmegaConf.to_container(config.hospital, resolve=True), key)  # type: ignore[arg-type]
    with open_dict(config):
        config.pop("hospital", None)
    settings = typed(config, schema)
    check_values(settings)
    check_plan(settings.data, TrainPlan())
    return hospital, settings


@contextmanager
def reading_bar(console: Console) -> Iterator[Callable[[int, int], None]]:
    """Show a bar, where a person is watching, and yield what moves it: ``on_progress(done, total)``."""
    columns = (TextColumn("reading slices"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("read", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def write_for_owner(path: Path, text: str, setting: str) -> None:
    """Write a file that only its owner can read (mode 0600).

    Parameters
    ----------
    setting : str
        What the command line calls the file, for the error's sentence.

    Raises
    ------
    InputError
        ``CONF011`` if it cannot be written.
    """
    try:
        files.replace(path.absolute(), f"{text}\n".encode(), mode=0o600)
    except (OSError, ValueError) as error:  # a ValueError: no file can have this name
        raise InputError(
            "CONF011", f"{path.absolute()} cannot be written ({files.why(error)}); choose another {setting}=FILE."
        ) from None
