"""Who may connect: the SuperLink's list of hospitals follows the centre's folder of public keys.

Flower's own command line, called for its JSON; what it says in many lines becomes one sentence.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.errors import ProjectError, RunError
from common.keys import fingerprint, load_public
from server.centre.layout import CONNECTION, Centre


@dataclass
class Registry:
    """Keeps the SuperLink's list equal to ``hospitals/*.pub``.

    A file that comes registers a hospital, one that goes revokes it, one that changes does both. A file that is of no
    use is said once and left alone: one hospital's key must not end the others' run.

    Attributes
    ----------
    centre : Centre
        Whose.
    registered : dict of str to tuple of (str, str)
        Hospital to Flower's node number and the key's fingerprint.
    problems : dict of str to str
        Hospital to what is wrong with its file.
    """

    centre: Centre
    registered: dict[str, tuple[str, str]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def follow(self) -> list[str]:
        """Register and revoke what changed; return a sentence for each."""
        problems: dict[str, str] = {}
        wanted = self._wanted(problems)
        said = self._revoke(wanted, problems)
        for name, shown in wanted.items():
            if name in self.registered:
                continue
            try:
                self.registered[name] = (self._register(name), shown)
                said.append(f"{name}: key {shown} registered")
            except RunError as error:
                problems[name] = str(error)
        said += [text for name, text in problems.items() if self.problems.get(name) != text]
        self.problems = problems
        return said

    def _wanted(self, problems: dict[str, str]) -> dict[str, str]:
        """Return hospital to fingerprint, for every file that holds a key."""
        wanted = {}
        for name, path in self.centre.public_keys().items():
            try:
                wanted[name] = fingerprint(load_public(path))
            except ProjectError as error:
                problems[name] = str(error)
        return wanted

    def _revoke(self, wanted: dict[str, str], problems: dict[str, str]) -> list[str]:
        """Take away what is no longer wanted; what could not be taken away is tried again."""
        said = []
        for name, (node, shown) in list(self.registered.items()):
            if wanted.get(name) == shown:
                continue
            try:
                flwr(self.centre, "supernode", "unregister", node)
            except RunError as error:
                problems[name] = f"{name} could not be revoked and is still let in: {error.sentence}"
                continue
            del self.registered[name]
            said.append(f"{name}: key {shown} revoked")
        return said

    def _register(self, name: str) -> str:
        path = str(self.centre.hospitals / f"{name}.pub")
        try:
            return str(flwr(self.centre, "supernode", "register", path, "--name", name)["node-id"])
        except RunError as error:
            raise RunError("CENTRE002", f"{name} could not be registered: {error.sentence}") from None


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
