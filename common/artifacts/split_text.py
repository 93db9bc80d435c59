"""How a run's slices were split, in sentences from ``model_meta.json``, without what an older run did not record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.artifacts.read_values import count, mapping, number

_GROUPED = {
    True: "Copies, look-alikes and neighbouring slices were kept on one side",
    False: "Slices were split one by one, so that slices of one patient can stand in training and in the test",
}


def split_sentences(meta: Mapping[str, Any]) -> list[str]:
    """Return shares, how related slices were kept together, and whether other hospitals train on test slices.

    Parameters
    ----------
    meta : mapping
        The content of ``model_meta.json``; ``{}`` gives no sentence.
    """
    split = mapping(meta.get("split"))
    found = [_shares(meta), _groups(split), _copies(split) if "test_slices_trained_elsewhere" in split else None]
    return [sentence for sentence in found if sentence is not None]


def _shares(meta: Mapping[str, Any]) -> str | None:
    data = mapping(mapping(meta.get("settings")).get("data"))
    val, test, seed = number(data.get("val_fraction")), number(data.get("test_fraction")), count(meta.get("seed"))
    if val is None or test is None or seed is None:
        return None
    return (
        f"Of each hospital's slices {100 * val:g} % validate (they choose the round and the temperature) and "
        f"{100 * test:g} % test, by class, seed {seed}."
    )


def _groups(split: Mapping[str, Any]) -> str | None:
    across = count(split.get("groups_across_splits"))
    how = _GROUPED.get(split["grouped"]) if isinstance(split.get("grouped"), bool) else None
    return f"{how}; {across:,} groups stand on more than one side." if how and across is not None else None


def _copies(split: Mapping[str, Any]) -> str:
    trained = count(split["test_slices_trained_elsewhere"])
    if trained is None:
        return "Whether a test slice of one hospital is trained on at another was not looked for."
    return f"Test slices of one hospital that another trains on, by keyed fingerprints: {trained:,}."
