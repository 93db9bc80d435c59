"""Text and tables in Markdown, in which a hospital's name is never markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from common.text import printable

# signs that mean something within a line; an underscore, an ampersand and a colon do so in some places only
_SIGNS = re.compile(r"([\\`*\[\]<>|$~]|(?<!\w)_|_(?!\w)|&(?=[#\w])|:(?=//))")


def cell(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line, in a table's cell as elsewhere.

    Parameters
    ----------
    text : str
        Any text, such as ``"a|b"``, ``"<script>"`` or one of two lines.
    """
    return _SIGNS.sub(r"\\\1", printable(" ".join(text.split())))


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the first column is text, the others are figures and stand to the right.

    Parameters
    ----------
    headings : sequence of str
        One a column.
    rows : iterable of sequence of str
        As many texts each, shown as they are.

    Raises
    ------
    ValueError
        A row has more or fewer texts than there are headings.
    """
    lines = [headings, [":--", *["--:"] * (len(headings) - 1)]]
    for row in rows:
        if len(row) != len(headings):
            raise ValueError(f"a row of {len(row)} cells under {len(headings)} headings")
        lines.append([cell(text) for text in row])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
