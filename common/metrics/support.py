"""How many cases a figure must rest on before it says something."""

from __future__ import annotations

FEW_CASES = 20


def is_few(cases: int | None) -> bool:
    """Tell whether so few cases, none included, leave a class's figures nearly empty; an unknown number is not few."""
    return cases is not None and cases < FEW_CASES
