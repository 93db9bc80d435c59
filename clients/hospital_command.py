"""What a hospital's commands on its own slices share: which hospital, a bar, a file for its owner's eyes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from common.config.hospital import Hospital
from common.config.hydra import CONF_DIR, hospital_from
from common.errors import InputError


def take_hospital(config: DictConfig) -> Hospital:
    """Take ``hospital=NAME`` out of a composed configuration; the rest are the command's own settings.

    Raises
    ------
    InputError
        ``CONF005`` if none was named.
    """
    key = HydraConfig.get().runtime.choices.get("hospital")
    if not key or OmegaConf.is_missing(config, "hospital"):
        known = ", ".join(sorted(path.stem for path in (CONF_DIR / "hospital").glob("*.yaml")))
        raise InputError("CONF005", f"Say which hospital this is: hospital=NAME, one of {known}.")
    hospital = hospital_from(config.hospital, key)
    with open_dict(config):
        config.pop("hospital", None)
    return hospital


@contextmanager
def reading_bar(console: Console) -> Iterator[Callable[[int, int], None]]:
    """Show a bar, where a person is watching, and yield what moves it: ``on_progress(done, total)``."""
    bar = Progress(
        TextColumn("reading slices"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("read", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def write_for_owner(path: Path, text: str, setting: str) -> None:
    """Write a file whole, readable by its owner only (mode 0600).

    Parameters
    ----------
    path : Path
        Where; replaced if it exists.
    text : str
        Its content.
    setting : str
        What the command line calls the file, for the sentence of the error.

    Raises
    ------
    InputError
        ``CONF011`` if it cannot be written.
    """
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}-", suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise InputError(
            "CONF011", f"{path.absolute()} cannot be written ({error.strerror}); choose another {setting}=FILE."
        ) from None
