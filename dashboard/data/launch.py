"""Starts a run in a session of its own; what becomes of it is read from the artifacts alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from filelock import FileLock, Timeout

from common.artifacts.load import list_runs, load_run
from common.config.overrides import quoted
from common.errors import InputError, RunError
from dashboard.settings import ROOT

OUTPUT_NAME = "dashboard_start.log"


def start(overrides: list[str], output_dir: Path, *, module: str = "server.simulate") -> subprocess.Popen[bytes]:
    """Start ``python -m server.simulate`` with an argument list (no shell) that outlives the dashboard.

    Parameters
    ----------
    overrides : list of str
        From `dashboard.data.command.overrides`.
    output_dir : Path
        Where the run writes; what it prints goes to ``logs/dashboard_start.log`` there.
    module : str
        What is run; tests name another one.

    Raises
    ------
    InputError
        ``DASH003`` if a run is going on in this folder.
    RunError
        ``DASH004`` if the process cannot be started.
    """
    try:
        (output_dir / "logs").mkdir(parents=True, exist_ok=True)
        with FileLock(output_dir / "logs" / ".dashboard_start.lock", timeout=0):
            _refuse_second(output_dir)
            with (output_dir / "logs" / OUTPUT_NAME).open("ab") as sink:
                return subprocess.Popen(
                    [sys.executable, "-m", module, *overrides, f"output_dir={quoted(str(output_dir))}"],
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


def _refuse_second(output_dir: Path) -> None:
    for run_id in list_runs(output_dir)[:3]:
        if load_run(output_dir / "artifacts" / run_id).state == "running":
            raise InputError("DASH003", f"{run_id} is still running here; wait for its end, or stop it first.")
