"""Classes that one hospital alone holds: there a model can learn the site instead of the disease."""

from __future__ import annotations

from collections.abc import Mapping

from common.labels import CLASSES


def held_alone(counts: Mapping[str, Mapping[str, int]]) -> list[tuple[str, str]]:
    """Return class and hospital for each class that only one of several hospitals holds.

    Parameters
    ----------
    counts : mapping of str to mapping of str to int
        By hospital's name: slices by class; an absent class has none.

    Returns
    -------
    list of tuple of str
        In label order; empty for fewer than two hospitals.
    """
    if len(counts) < 2:
        return []
    holders = {label: [name for name, own in counts.items() if own.get(label)] for label in CLASSES}
    return [(label, names[0]) for label, names in holders.items() if len(names) == 1]
