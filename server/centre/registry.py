"""Who may connect: the SuperLink's list of hospitals follows the centre's folder of public keys.

Flower's own command line, called for its JSON; what it says in many lines becomes one sentence.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.errors import ProjectError, RunError
from common.keys import fingerprint, load_public
from common.waiting import Patience
from server.centre.layout import CONNECTION, Centre
from server.centre.registration import read_report

FLWR = str(Path(sys.executable).parent / "flwr")
_IDLE_SECONDS = 300.0  # it may wait so long for a busy SuperLink


@dataclass
class Registry:
    """Keeps the SuperLink's list equal to ``hospitals/*.pub``.

    A new file registers a hospital, a removed one revokes it, a changed one does both. A file that cannot be used is
    reported once and left alone: one hospital's key must not end the others' run. Flower never takes a revoked key
    again while its SuperLink runs.
    """

    centre: Centre
    registered: dict[str, tuple[str, str]] = field(default_factory=dict)  # hospital: Flower's node, key's fingerprint
    problems: dict[str, str] = field(default_factory=dict)  # hospital: what is wrong with its file
    revoked: set[str] = field(default_factory=set)  # fingerprints

    def take_over(self) -> list[str]:
        """Take what the SuperLink registered by itself before its port listened; return a sentence for each."""
        self.registered |= read_report(self.centre)
        return [f"{name}: key {shown} registered" for name, (_, shown) in self.registered.items()]

    def follow(self) -> list[str]:
        """Register and revoke what changed; return a sentence for each."""
        problems: dict[str, str] = {}
        wanted = self._wanted(problems)
        said = self._revoke(wanted, problems)
        for name, shown in wanted.items():
            if name in self.registered:
                continue
            try:
                if shown in self.revoked:
                    raise RunError(
                        "CENTRE002",
                        f"{name} could not be registered: its key was revoked, and the SuperLink takes no revoked key "
                        "again; make a new key for it, or start server.serve anew.",
                    )
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
        """Revoke what is no longer wanted; what could not be revoked is tried again."""
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
            self.revoked.add(shown)
            said.append(f"{name}: key {shown} revoked")
        return said

    def _register(self, name: str) -> str:
        path = str(self.centre.hospitals / f"{name}.pub")
        try:
            return str(flwr(self.centre, "supernode", "register", path, "--name", name)["node-id"])
        except RunError as error:
            raise RunError("CENTRE002", f"{name} could not be registered: {error.sentence}") from None


def flwr(centre: Centre, *arguments: str) -> dict[str, Any]:
    """Run ``flwr <arguments> --format json`` against the centre's SuperLink; return the last JSON object it prints.

    Raises
    ------
    RunError
        ``CENTRE002`` with Flower's reason.
    """
    command = [FLWR, *arguments, CONNECTION, "--format", "json"]
    try:
        done = _finished(command, centre)
    except OSError as error:
        raise RunError("CENTRE002", f"Flower's command line did not answer ({error}).") from None
    start = done.stdout.find("{")
    try:
        answer: dict[str, Any] = json.loads(done.stdout[start:]) if start >= 0 else {}
    except ValueError:
        answer = {}
    if done.returncode or not answer.get("success", bool(answer)):
        raise RunError("CENTRE002", f"The SuperLink did not accept '{arguments[0]}': {_reason(answer, done)}")
    return answer


def _finished(command: Sequence[str], centre: Centre) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; OSError if it does nothing any more."""
    process = subprocess.Popen(
        command, env=centre.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    patience = Patience(process.pid, _IDLE_SECONDS)
    try:
        while True:
            try:
                out, err = process.communicate(timeout=1)
                return subprocess.CompletedProcess(command, process.returncode, out, err)
            except subprocess.TimeoutExpired:
                if patience.is_over():
                    raise TimeoutError(f"it did nothing for {_IDLE_SECONDS:.0f} s") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _reason(answer: dict[str, Any], done: subprocess.CompletedProcess[str]) -> str:
    text = str(answer.get("error-message") or done.stderr or done.stdout).strip()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[-3:])[:400] or f"exit code {done.returncode}"
