"""Small parts of sentences: a number with its noun, a list of words, a name that any terminal can print."""

import shlex
from collections.abc import Sequence

_ROUND = str.maketrans("<>[]`", "()()'")


def counted(count: int, one: str, many: str | None = None) -> str:
    """Write a number and its noun: ``"1 file"``, ``"1,204 files"``; `many` is `one` with an ``s`` unless given."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(names: Sequence[str]) -> str:
    """Write words as a sentence does: ``"a"``, ``"a and b"``, ``"a, b and c"``."""
    return " and ".join(part for part in (", ".join(names[:-1]), "".join(names[-1:])) if part)


def shown(value: object, most: int = 80) -> str:
    """Write a value that may come from anybody: on one line, with escapes for what cannot be printed, and cut."""
    if isinstance(value, str | bytes | list | tuple):
        value = value[: most + 1]
    text = printable(str(value)[: most + 1])
    return text if len(text) <= most else f"{text[:most]}…"


def command_line(*words: str) -> str:
    """Write a command so that it does in a shell what it says, whatever spaces and signs are in it."""
    return shlex.join(words)


def printable(name: str) -> str:
    """Write a file's name, not necessarily valid text, with escapes for what cannot be printed."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def spreadsheet_cell(text: str) -> str:
    """Write a text so that no spreadsheet takes it for a formula: with an apostrophe before what begins like one."""
    return f"'{text}" if text[:1] in tuple("=+-@\t\r") else text


def plain(said: object, most: int = 300) -> str:
    """Write what somebody else said on one line, so that it can be shown anywhere.

    No line break, no terminal escape, and none of the signs that HTML, a Markdown link or rich would take for markup:
    brackets become round ones. What is no text becomes the name of its type.

    Parameters
    ----------
    most : int
        Longest text to return; the rest is cut off.
    """
    text = said if isinstance(said, str) else type(said).__name__
    return printable(" ".join(text[: 4 * most].split())).translate(_ROUND)[:most]


def small(number: float) -> str:
    """Write a small number, such as ``1e-5``."""
    return f"{number:g}".replace("e-0", "e-")
