"""PRE009: the centre trains for the same classes in the same order."""

from __future__ import annotations

from clients.checks.ask_centre import ask_centre
from clients.checks.outcome import Check, Situation
from common.labels import LABEL_MAP


def _look(situation: Situation) -> tuple[str, str]:
    if problem := ask_centre(situation):
        return "skipped", problem
    theirs = situation.centre.get("label_map")
    if theirs != dict(LABEL_MAP):
        return "failed", f"The centre trains for {theirs}, this hospital for {dict(LABEL_MAP)}; use the same version."
    return "ok", f"{', '.join(LABEL_MAP)}: the same here and there."


CHECK = Check("PRE009", "label map", _look)
