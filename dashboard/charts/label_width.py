"""How much room names need beside an axis, about: only the browser knows, and asking it has each chart drawn twice."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Sequence

WIDEST = 190  # pixels


def label_pixels(names: Sequence[str]) -> int:
    """Return the room that the longest of these names needs beside an axis, rather too much than too little.

    No more than `WIDEST`, which holds 24 capitals of text: the chart, too, needs room on a phone.
    """
    lines = [html.unescape(line) for name in names for line in name.split("<br>")]
    return min(16 + round(max(sum(map(_advance, line)) for line in lines)), WIDEST)


def _advance(sign: str) -> float:
    """Return about how wide a sign is in the house's font of 13 pixels."""
    if unicodedata.category(sign) in ("Mn", "Me", "Cf"):  # drawn over or beside another one
        return 0.0
    if unicodedata.east_asian_width(sign) in ("W", "F"):
        return 13.5
    if sign in "MWmw%@":
        return 11.0
    if sign in "Iijlrt .,:;'!|()-":
        return 4.4
    return 8.4 if sign.isupper() else 6.8
