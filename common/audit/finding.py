"""One thing that the audit has to say."""

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Finding:
    """One thing that the audit has to say."""

    code: str
    """Stable code such as ``"DATA004"``."""
    severity: Severity
    """``"error"``: slices are left out until a person decides; ``"warning"``: look at it; ``"info"``: know it."""
    title: str
    sentence: str
    """What was found and what to do; names no file, so it may travel."""
    count: int
    """How many files or folders it is about."""
    files: tuple[str, ...] = ()
    """Their relative paths. They stay with the hospital."""

    def numbers(self) -> dict[str, Any]:
        """Return the part that may travel: everything but the files."""
        return {name: value for name, value in vars(self).items() if name != "files"}
