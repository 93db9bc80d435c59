"""PRE003: this machine's clock agrees with the centre's; Flower refuses signatures from the future and the past."""

from __future__ import annotations

import time

from clients.checks.ask_centre import ask_centre
from clients.checks.outcome import Check, Situation

_AHEAD_SECONDS = 5.0  # flwr.common.constant.SYSTEM_TIME_TOLERANCE
_BEHIND_SECONDS = 300.0  # TIMESTAMP_TOLERANCE
_DOUBT_SECONDS = 2.0


def _look(situation: Situation) -> tuple[str, str]:
    before = time.time()
    problem = ask_centre(situation)
    if problem:
        return "skipped", problem
    ahead = (before + time.time()) / 2 - float(situation.centre["time"])
    where = "ahead of" if ahead > 0 else "behind"
    text = f"The clock is {abs(ahead):.1f} s {where} the centre's"
    if ahead > _AHEAD_SECONDS - 1 or -ahead > _BEHIND_SECONDS:
        return "failed", f"{text}, so that the key would be refused; set it, for example with chrony or timedatectl."
    if abs(ahead) > _DOUBT_SECONDS:
        return "warning", f"{text}; let chrony or timedatectl keep it."
    return "ok", f"{text}."


CHECK = Check("PRE003", "clock", _look)
