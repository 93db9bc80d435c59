"""Composes, starts, stops and resumes runs; what becomes of one is read from its artifacts alone."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from common.artifacts.layout import LOCK
from common.artifacts.live.record import load_live
from common.artifacts.load import list_runs, load_run
from common.artifacts.schema import Run
from common.config.overrides import flat, written
from common.config.settings import RunSettings
from common.errors import InputError, ProjectError, RunError
from common.process import interrupt
from dashboard.data.begin import commands, starting
from dashboard.data.live import now_of
from dashboard.settings import ROOT

GROUPS = ("experiment", "strategy", "model", "compute", "data", "train")
_LISTED = ("experiment", "strategy", "hospital")
_STUDY = re.compile(r"^study:", re.MULTILINE)
_NUMBER = re.compile(r"\d+(\.\d*)?([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?")


PHANTOMS = ("phantom_jaipur", "phantom_hyderabad", "phantom_kolkata")


@dataclass(frozen=True)
class Missing:
    """Hospitals whose folders are not there."""

    root: str
    """The folder that was looked in, as the settings name it."""
    names: list[str]
    phantoms: bool
    """Whether they are the synthetic ones, which a command draws."""


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


def shell(arguments: list[str], output_dir: Path = ROOT) -> str:
    """Return the command as one pastes it into a terminal."""
    return commands.here(shlex.join(["python", "-m", "server.simulate", *arguments]), output_dir)


def missing_hospitals(arguments: list[str]) -> Missing | None:
    """Look whether the folders of a run's hospitals are there; None where they are, or where settings are wrong.

    A run says itself what is wrong with its settings; this is for who has no slices yet.
    """
    from common.config.hydra import compose_settings, load_hospitals  # brings Hydra, which the rest does without

    try:
        settings = compose_settings(arguments)
        hospitals = load_hospitals(settings.hospitals)
    except ProjectError:
        return None
    root = ROOT / settings.data.root
    gone = [each for each in hospitals if not (root / each.path).is_dir()]
    if not gone:
        return None
    return Missing(settings.data.root, [each.name for each in gone], all(each.key in PHANTOMS for each in gone))


def setting_names() -> list[str]:
    """Return every setting by its dotted name, for example ``"train.augment.flip"``."""
    return list(flat(asdict(RunSettings())))


def draw_phantoms(root: str) -> None:
    """Draw the synthetic hospitals, as ``python -m common.phantoms`` does; takes about a minute.

    Raises
    ------
    RunError
        ``DASH006`` with what it said, if it cannot.
    """
    words = [sys.executable, "-m", "common.phantoms", "--out", root]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
        raise RunError("DASH006", f"They could not be drawn: {said.removeprefix('error ')}")


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
    output = output_dir / "logs" / starting.OUTPUT_NAME
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(output.with_name(".dashboard_start.lock"), timeout=0):
            _refuse_second(output_dir)
            with output.open("ab") as sink:
                offset = sink.tell()
                process = subprocess.Popen(
                    [sys.executable, "-m", module, *arguments, f"output_dir={written(str(output_dir))}"],
                    cwd=ROOT,
                    env={**os.environ, "PYTHONUNBUFFERED": "1"},
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            starting.note_start(output_dir, process.pid, offset)
            return process
    except Timeout:
        raise InputError("DASH003", "Another visitor is starting a run just now; wait for it to appear.") from None
    except OSError as error:
        raise RunError("DASH004", f"The run could not be started ({error.strerror or type(error).__name__}).") from None


def stop(run: Run) -> None:
    """Ask a run to stop after its present step, as Ctrl-C does, once it is sure which process that is.

    Raises
    ------
    InputError
        ``DASH005`` if the process cannot be reached, or has been asked already.
    """
    live = load_live(run.folder)
    if live is None or live.stopping:
        why = "is stopping already" if live else "does not say which process it is"
        raise InputError("DASH005", f"{run.run_id} {why}.")
    if not interrupt(live.process, run.folder / LOCK):
        raise InputError(
            "DASH005",
            f"{run.run_id}'s process was not found on this machine, so it was not stopped; stop it where it was "
            "started, with Ctrl-C.",
        )


def resumable(run: Run) -> list[str] | None:
    """Return what stands behind ``python -m`` to go on with a run, None where that is not known."""
    live = load_live(run.folder)
    recorded = run.status.resume_command or (live.resume_command if live else None)
    if recorded is None and run.status.engine in ("ray", "inprocess"):  # killed, and of an earlier version
        recorded = f"python -m server.simulate resume={run.run_id}"
    return commands.resume_words(run.run_id, recorded)


def resume(words: Sequence[str], output_dir: Path) -> subprocess.Popen[bytes]:
    """Go on with a run by the words of `resumable`; raises as `start`."""
    module, *arguments = words
    return start(arguments, output_dir, module=module)


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
    begun = starting.look(output_dir)
    if begun and begun.state == "starting":
        raise InputError("DASH003", "A run is starting here just now; wait for it to appear.")
    for run_id in list_runs(output_dir)[:3]:
        run = load_run(output_dir / "artifacts" / run_id)
        if run.state == "running" and now_of(run).kind not in ("dead", "silent"):
            raise InputError("DASH003", f"{run_id} is still running here; wait for its end, or stop it first.")
