"""A run at the SuperLink: handed over with its settings, and followed to its end."""

import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from common.artifacts.layout import RUN_ID
from common.config.hydra import compose_settings
from common.config.overrides import written
from common.errors import Interrupted
from common.files import absolute
from server.centre.layout import CONNECTION, LAST_WORD, Centre
from server.centre.registry import FLWR, flwr

ROOT = Path(__file__).resolve().parents[2]
_NOISE = ("Starting logstream", "Using SuperLink", "Start `flwr-serverapp`", "Successfully installed")


def submit(centre: Centre, overrides: Sequence[str], evaluates: str = "") -> str:
    """Hand the app and its settings to the SuperLink; return Flower's number of the run.

    Parameters
    ----------
    evaluates : str
        The finished run whose model is to be evaluated; without one, a run is to be trained.
    """
    with tempfile.TemporaryDirectory(prefix="federation-") as folder:
        settings = Path(folder) / "run.toml"
        content = {"overrides": shlex.join(overrides), "evaluates": evaluates}
        settings.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in content.items()))
        return str(flwr(centre, "run", str(ROOT), "--run-config", str(settings))["run-id"])


def with_output_dir(overrides: Sequence[str]) -> list[str]:
    """Results go where the command was typed, as in a simulation; the SuperLink may run in another folder."""
    rest = [override for override in overrides if override.lstrip("+").partition("=")[0] != "output_dir"]
    place = absolute(compose_settings(list(overrides)).output_dir)
    return [*rest, f"output_dir={written(str(place))}"]


class Follower:
    """Passes the ServerApp's lines through, and remembers which run it is."""

    def __init__(self, centre: Centre, run_id: str) -> None:
        self.run: str | None = None  # such as "run-007", once the ServerApp has said it
        self.stopped = False  # by Ctrl-C, and the SuperLink said so
        self._centre = centre
        self._run_id = run_id

    def follow(self) -> int | None:
        """Show what the ServerApp says until its last word; Ctrl-C stops the run, and a second one the following.

        Returns
        -------
        int or None
            The run's exit code, or None without its last word: it died, or Flower ended its lines when it was stopped.
        """
        process = subprocess.Popen(
            [FLWR, "log", self._run_id, CONNECTION, "--stream"],
            env={**self._centre.environment(), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            return self._show(process)
        except KeyboardInterrupt:
            return self._stop_run(process)
        finally:
            process.kill()
            process.wait()

    def _stop_run(self, process: subprocess.Popen[str]) -> int | None:
        print("Stopping the run (Ctrl-C again stops following) ...", flush=True)
        try:
            flwr(self._centre, "stop", self._run_id)
            self.stopped = True
            return self._show(process)
        except KeyboardInterrupt:
            return Interrupted.exit_code

    def _show(self, process: subprocess.Popen[str]) -> int | None:
        assert process.stdout is not None
        for line in process.stdout:
            text = line.rstrip("\n")
            if text.startswith(LAST_WORD):
                return int(text.removeprefix(LAST_WORD))
            if RUN_ID.fullmatch(first := text.partition(" ")[0]):
                self.run = first
            if not any(sign in text for sign in _NOISE):
                print(text, file=sys.stderr if text.startswith("error ") else sys.stdout, flush=True)
        return None
