"""Commands as one can paste them: in the project's folder, with its interpreter, for the folder that is shown."""

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from common.config.overrides import written
from common.text import command_line
from dashboard.settings import ROOT

RUNS = ("server.simulate", "server.run")
OF_A_FOLDER = (*RUNS, "server.study", "server.evaluate")  # they write to, or read, output_dir=...


def interpreter() -> str:
    """Return the interpreter that shows the dashboard, as it is called in the project's folder."""
    place = ROOT / ".venv"
    name = Path(sys.executable).name
    if os.path.realpath(place) == os.path.realpath(sys.prefix):
        return str(Path(".venv", *Path(sys.executable).parts[-2:]))
    inside = Path(sys.executable).parent.is_relative_to(ROOT)
    return str(Path(sys.executable).parent.relative_to(ROOT) / name) if inside else sys.executable


def here(commands: str, output_dir: Path) -> str:
    """Complete commands that begin with ``python -m``, one a line, so that they do what they say wherever they go.

    Parameters
    ----------
    output_dir : Path
        The folder that is shown; named where it is not the default.
    """
    lines = [_completed(shlex.split(line), output_dir) for line in commands.splitlines() if line.strip()]
    return "\n".join([f"cd {shlex.quote(str(ROOT))}", *lines])


def resume_words(run_id: str, recorded: str | None) -> list[str] | None:
    """Return what stands behind ``python -m`` to go on with a run: ``["server.simulate", "resume=run-003"]``.

    Parameters
    ----------
    recorded : str or None
        As the run's files name the command. They may come from anybody, so what it may say is known beforehand.
    """
    try:
        words = shlex.split(recorded or "")
    except ValueError:
        return None
    if words[:2] != ["python", "-m"] or words[2:3] not in ([name] for name in RUNS):
        return None
    rest = [word for word in words[3:] if not word.startswith("output_dir=")]
    flags, resumed = rest[:-1], rest[-1:]
    if resumed != [f"resume={run_id}"] or (flags and not (len(flags) == 2 and flags[0] == "--credentials")):
        return None
    return [words[2], *flags, *resumed]


def _completed(words: Sequence[str], output_dir: Path) -> str:
    if list(words[:2]) != ["python", "-m"]:
        return command_line(*words)
    rest = list(words[2:])
    if rest[0] in OF_A_FOLDER:
        rest = [word for word in rest if not word.startswith("output_dir=")]
        if output_dir != ROOT:
            rest.append(f"output_dir={written(str(output_dir))}")
    return command_line(interpreter(), "-m", *rest)
