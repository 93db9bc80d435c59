"""One thing that the audit has to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Finding:
    """One thing that the audit has to say.

    Attributes
    ----------
    code : str
        Stable code such as ``"DATA004"``.
    severity : str
        ``"error"``: slices are left out until a person decides; ``"warning"``: look at it; ``"info"``: know it.
    title : str
        A few words.
    sentence : str
        What was found and what to do; names no file, so it may travel.
    count : int
        How many files or folders it is about.
    files : tuple of str
        Their relative paths. They stay with the hospital.
    """

    code: str
    severity: Severity
    title: str
    sentence: str
    count: int
    files: tuple[str, ...] = ()

    def numbers(self) -> dict[str, Any]:
        """Return the part that may travel: everything but the files."""
        return {
            "code": self.code,
            "severity": self.severity,
            "title": self.title,
            "sentence": self.sentence,
            "count": self.count,
        }


def printable(name: str) -> str:
    """Write a file's name so that any terminal and any file can hold it: what cannot be printed as an escape.

    Parameters
    ----------
    name : str
        A name as the operating system gives it, not necessarily valid text.

    Returns
    -------
    str
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def counted(count: int, one: str, many: str | None = None) -> str:
    """Write a number and its noun, for example ``"1 file"`` or ``"1,204 files"``.

    Parameters
    ----------
    count : int
        How many.
    one : str
        The noun for one.
    many : str, optional
        The noun for several; `one` with an ``s`` by default.

    Returns
    -------
    str
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(names: list[str]) -> str:
    """Write words as a sentence does: ``"a"``, ``"a and b"``, ``"a, b and c"``."""
    return " and ".join(part for part in (", ".join(names[:-1]), "".join(names[-1:])) if part)
