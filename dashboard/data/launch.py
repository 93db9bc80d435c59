"""Composes and starts ``python -m server.simulate``; what becomes of the run is read from its artifacts alone."""

import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from common.artifacts.load import list_runs, load_run
from common.config.overrides import flat, written
from common.config.settings import RunSettings
from common.errors import InputError, RunError
from dashboard.settings import ROOT

OUTPUT_NAME = "dashboard_start.log"
GROUPS = ("experiment", "strategy", "model", "compute", "data", "train")
_LISTED = ("experiment", "strategy", "hospital")
_STUDY = re.compile(r"^study:", re.MULTILINE)
_NUMBER = re.compile(r"\d+(\.\d*)?([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Choices:
    """Names of the files under ``conf/`` that a run can be composed of."""

    experiments: list[str]
    strategies: list[str]
    hospitals: list[str]


def choices(conf: Path = ROOT / "conf") -> Choices:
    """List what ``conf/`` offers; an experiment that is a study of many runs is none for one run."""
    experiments, strategies, hospitals = (sorted((conf / group).glob("*.yaml")) for group in _LISTED)
    single = [path for path in experiments if not _STUDY.search(path.read_text(encoding="utf-8"))]
    return Choices(*([path.stem for path in paths] for paths in (single, strategies, hospitals)))


def overrides(values: Mapping[str, Any], further: str = "") -> list[str]:
    """Compose the overrides, for example ``["experiment=demo", "rounds=3"]``, in the order given.

    Parameters
    ----------
    values : Mapping
        Setting to value; None, an empty text and an empty list mean "as configured".
    further : str
        More of them, ``setting=value``, one a line.

    Raises
    ------
    InputError
        ``DASH001`` for a line that is no setting of `RunSettings`, ``DASH002`` for a rate that is no number.
    """
    found: list[str] = []
    for name, value in values.items():
        if value in (None, "", [], ()):
            continue
        if name == "train.lr":
            found.append(f"{name}={_rate(str(value).strip())}")
        else:
            found.append(f"{name}={written(value.strip() if isinstance(value, str) else value)}")
    return found + [_checked(line.strip()) for line in further.splitlines() if line.strip()]


def shell(arguments: list[str]) -> str:
    """Return the command as one pastes it into a terminal."""
    return shlex.join(["python", "-m", "server.simulate", *arguments])


def setting_names() -> list[str]:
    """Return every setting by its dotted name, for example ``"train.augment.flip"``."""
    return list(flat(asdict(RunSettings())))


def start(arguments: list[str], output_dir: Path, *, module: str = "server.simulate") -> subprocess.Popen[bytes]:
    """Start ``python -m server.simulate`` with an argument list (no shell) that outlives the dashboard.

    What it prints goes to ``logs/dashboard_start.log`` below the folder that it writes to.

    Raises
    ------
    InputError
        ``DASH003`` if a run is going on in this folder.
    RunError
        ``DASH004`` if the process cannot be started.
    """
    from common.config.overrides import written

    try:
        (output_dir / "logs").mkdir(parents=True, exist_ok=True)
        with FileLock(output_dir / "logs" / ".dashboard_start.lock", timeout=0):
            _refuse_second(output_dir)
            with (output_dir / "logs" / OUTPUT_NAME).open("ab") as sink:
                return subprocess.Popen(
                    [sys.executable, "-m", module, *arguments, f"output_dir={written(str(output_dir))}"],
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
    except Timeout:
        raise InputError("DASH003", "Another visitor is starting a run just now; wait for it to appear.") from None
    except OSError as error:
        raise RunError("DASH004", f"The run could not be started ({error.strerror or type(error).__name__}).") from None


def _rate(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise InputError("DASH002", f"The learning rate '{text}' is not a number; write it as 1e-4 or 0.0001.")
    return text


def _checked(line: str) -> str:
    name, equals, value = line.partition("=")
    if not equals or name not in (*setting_names(), *GROUPS):
        raise InputError(
            "DASH001",
            f"'{line[:60]}' is not a setting; write setting=value with a name from common/config/settings.py.",
        )
    return f"{name}={value}"


def _refuse_second(output_dir: Path) -> None:
    for run_id in list_runs(output_dir)[:3]:
        if load_run(output_dir / "artifacts" / run_id).state == "running":
            raise InputError("DASH003", f"{run_id} is still running here; wait for its end, or stop it first.")
