"""The template of ``model_card.md``, and the sections of it that are the same for every model."""

from __future__ import annotations

import re
from pathlib import Path

TEMPLATE = Path(__file__).with_name("model_card.md")

INTENDED_USE = "Intended use"
ETHICS = "Ethical considerations"
CAVEATS = "Caveats and recommendations"
BULLET = "• "


def template() -> str:
    """Return the template, with ``${...}`` where a run's own words go."""
    return TEMPLATE.read_text(encoding="utf-8")


def fixed_section(heading: str) -> list[str]:
    """Return a section that is the same for every model as plain paragraphs; those of a list begin with `BULLET`.

    Parameters
    ----------
    heading : str
        `INTENDED_USE`, `ETHICS` or `CAVEATS`.

    Raises
    ------
    ValueError
        There is no such section, or a run's own words go into it.
    """
    _, found, rest = template().partition(f"\n## {heading}\n")
    body = rest.partition("\n## ")[0]
    if not found or "${" in body:
        raise ValueError(f"'{heading}' is no section that is the same for every model")
    pieces = [" ".join(piece.split()) for piece in re.split(r"\n\n|\n(?=- )", body.strip())]
    return [piece.replace("- ", BULLET, 1).replace("`", "") if piece.startswith("- ") else piece for piece in pieces]
