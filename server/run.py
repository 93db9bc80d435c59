"""``python -m server.run [overrides]``: submit a run to the centre's SuperLink and follow it to its end.

The overrides are those of ``python -m server.simulate``; so are the screen, the artifacts and the exit codes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

import common.quiet  # noqa: F401  (before the first import of flwr)
from common.artifacts.layout import RUN_ID, RunFolder
from common.artifacts.words import LAST_WORD
from common.config.hydra import compose_settings, load_hospitals
from common.config.strategies import refuse_pooled
from common.errors import Interrupted, ProjectError, RunError
from server.centre.layout import CONNECTION, DEFAULT_FOLDER, Centre, require_serving
from server.centre.registry import flwr, run_json
from server.recording.resume import resumed_settings
from server.recording.stale_runs import mark_stale

ROOT = Path(__file__).resolve().parents[1]
_NOISE = ("Starting logstream", "Using SuperLink", "Start `flwr-serverapp`", "Successfully installed")


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = argparse.ArgumentParser(
        prog="python -m server.run",
        description="Run the federation over the SuperLink that python -m server.serve started.",
        epilog="Settings are those of python -m server.simulate, for example: rounds=20 train.lr=1e-3 resume=run-007. "
        "Exit codes: 0 done; 1 the run failed; 2 the configuration is wrong; 130 stopped by Ctrl-C.",
    )
    command.add_argument("--credentials", type=Path, default=DEFAULT_FOLDER, help="of python -m server.serve")
    command.add_argument("overrides", nargs="*", help="setting=value ...")
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        The run's exit code.
    """
    given = parser().parse_args(arguments)
    try:
        return run(given)
    except ProjectError as error:
        print(f"error {error}", file=sys.stderr)
        return error.exit_code


def run(given: argparse.Namespace) -> int:
    """Check, submit, follow."""
    centre = Centre(given.credentials.resolve())
    overrides = _with_output_dir(given.overrides)
    settings = compose_settings(overrides)
    if settings.resume:
        settings, _ = resumed_settings(settings, overrides)
    refuse_pooled(settings.strategy.name)
    load_hospitals(settings.hospitals)
    require_serving(centre)
    run_id = _submit(centre, overrides)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[dim]submitted to the SuperLink as {run_id}; Ctrl-C stops the run[/]")
    return _follow(centre, run_id, Path(settings.output_dir))


def _with_output_dir(overrides: Sequence[str]) -> list[str]:
    """Results go where the command was typed, as in a simulation; the SuperLink may stand in another folder."""
    rest = [override for override in overrides if not override.startswith("output_dir=")]
    given = [override.partition("=")[2] for override in overrides if override.startswith("output_dir=")]
    return [*rest, f"output_dir={Path(given[-1] if given else '.').resolve()}"]


def _submit(centre: Centre, overrides: Sequence[str]) -> str:
    """Hand the app and its settings to the SuperLink; return Flower's number of the run."""
    with tempfile.TemporaryDirectory(prefix="federation-") as folder:
        settings = Path(folder) / "run.toml"
        settings.write_text(f"overrides = {json.dumps(' '.join(_quoted(item) for item in overrides))}\n")
        command = [str(Path(sys.executable).parent / "flwr"), "run", str(ROOT), CONNECTION]
        return str(run_json([*command, "--run-config", str(settings), "--format", "json"], centre)["run-id"])


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"


def _follow(centre: Centre, run_id: str, output_dir: Path) -> int:
    """Show what the ServerApp says until its last word; without one, write down that it died."""
    command = [str(Path(sys.executable).parent / "flwr"), "log", run_id, CONNECTION, "--stream"]
    process = subprocess.Popen(
        command,
        env={**centre.environment(), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    follower = _Follower(process)
    try:
        code = follower.show()
    except KeyboardInterrupt:
        print("Stopping the run (Ctrl-C again stops following) ...", flush=True)
        try:
            flwr(centre, "stop", run_id)
            code = follower.show()
        except KeyboardInterrupt:
            code = None
        code = Interrupted.exit_code if code is None else code
    finally:
        process.kill()
        process.wait()
    if code is not None:
        return code
    if RUN_ID.match(follower.run):
        mark_stale(RunFolder(output_dir, follower.run), "server.run")
    raise RunError(
        "RUN021",
        "The SuperLink or the run's own process ended without a last word; start python -m server.serve again if it is "
        f"gone, then go on with: python -m server.run resume={follower.run}",
    )


class _Follower:
    """Passes the ServerApp's lines through, and remembers which run it is."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.run = "RUN"

    def show(self) -> int | None:
        """Return the exit code of the last word, or None if there was none."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            text = line.rstrip("\n")
            if text.startswith(LAST_WORD):
                return int(text.removeprefix(LAST_WORD))
            if RUN_ID.match(first := text.partition(" ")[0]):
                self.run = first
            if not any(sign in text for sign in _NOISE):
                print(text, file=sys.stderr if text.startswith("error ") else sys.stdout, flush=True)
        return None


if __name__ == "__main__":
    sys.exit(main())
