"""PRE010: both ends run versions that understand each other."""

from __future__ import annotations

from clients.checks.ask_centre import ask_centre
from clients.checks.outcome import Check, Situation
from common.artifacts.run_files import versions


def _look(situation: Situation) -> tuple[str, str]:
    if problem := ask_centre(situation):
        return "skipped", problem
    here, there = versions(), dict(situation.centre.get("versions") or {})
    if here["project"] != there.get("project"):
        return (
            "failed",
            f"The centre runs version {there.get('project')}, this hospital {here['project']}; use the same.",
        )
    if here["flwr"].split(".")[:2] != str(there.get("flwr")).split(".")[:2]:
        return "failed", f"The centre runs Flower {there.get('flwr')}, this hospital {here['flwr']}; use the same."
    if here["torch"].split(".")[:2] != str(there.get("torch")).split(".")[:2]:
        return (
            "warning",
            f"The centre runs PyTorch {there.get('torch')}, this hospital {here['torch']}; it should work.",
        )
    return "ok", f"Project {here['project']}, Flower {here['flwr']}: the same here and there."


CHECK = Check("PRE010", "versions", _look)
