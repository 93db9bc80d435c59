"""The text of an uncompressed PDF, as far as the tests need it."""

from __future__ import annotations

import re

_SHOWN = re.compile(rb"\((.*?)(?<!\\)\)\s*Tj")


def pdf_text(content: bytes) -> str:
    """Join what is drawn in the document's order, one space between the pieces."""
    assert content.startswith(b"%PDF-")
    pieces = [piece.replace(b"\\(", b"(").replace(b"\\)", b")") for piece in _SHOWN.findall(content)]
    escaped = b" ".join(pieces)
    plain = re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8)]), escaped)
    return " ".join(plain.decode("cp1252").split())
