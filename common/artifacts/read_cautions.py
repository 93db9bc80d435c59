"""``warnings`` of ``model_meta.json`` as a reader meets them; apart from what finds them, which brings torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from common.artifacts.read_values import mapping, sequence


@dataclass(frozen=True)
class Caution:
    """One reason for doubt.

    Attributes
    ----------
    code : str
        Stable, such as ``"EVAL001"``.
    sentence : str
        What it is, at which hospital, and what to do.
    """

    code: str
    sentence: str


def from_json(recorded: Any) -> list[Caution]:
    """Read ``warnings`` back; what is none is left out."""
    items = [mapping(item) for item in sequence(recorded)]
    pairs = [(item.get("code"), item.get("sentence")) for item in items]
    return [Caution(code, sentence) for code, sentence in pairs if isinstance(code, str) and isinstance(sentence, str)]
