"""Flower's own command line, called for its JSON; what it says in many lines becomes one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from common.errors import RunError
from server.centre.layout import CONNECTION, Centre

_SECONDS = 120.0


def flwr(centre: Centre, *arguments: str) -> dict[str, Any]:
    """Run ``flwr <arguments> --format json`` against the centre's SuperLink.

    Raises
    ------
    RunError
        ``CENTRE002`` with Flower's reason.
    """
    command = [str(Path(sys.executable).parent / "flwr"), *arguments, CONNECTION, "--format", "json"]
    return run_json(command, centre)


def run_json(command: list[str], centre: Centre) -> dict[str, Any]:
    """Run a command of Flower's and return the last JSON object that it prints."""
    try:
        done = subprocess.run(
            command, env=centre.environment(), capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RunError("CENTRE002", f"Flower's command line gave no answer ({error}).") from None
    start = done.stdout.find("{")
    try:
        answer: dict[str, Any] = json.loads(done.stdout[start:]) if start >= 0 else {}
    except ValueError:
        answer = {}
    if done.returncode or not answer.get("success", bool(answer)):
        raise RunError("CENTRE002", f"The SuperLink did not accept '{command[1]}': {_reason(answer, done)}")
    return answer


def _reason(answer: dict[str, Any], done: subprocess.CompletedProcess[str]) -> str:
    text = str(answer.get("error-message") or done.stderr or done.stdout).strip()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[-3:])[:400] or f"exit code {done.returncode}"
