"""Accuracy by likeness to the nearest slice of training, at several hospitals or one, as ``model_meta.json`` has it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from common.metrics.case_sums import CaseSums
from common.metrics.clusters import wilson_share
from common.metrics.likeness.counts import EDGES, UNLIKE, LikenessCounts, add_likeness

Json = dict[str, Any]


def likeness_figures(sums: Mapping[str, CaseSums | None]) -> Json | None:
    """Return the figures over all hospitals, by name, that told their slices by likeness; None where none did.

    Those that tell apart what is unlike the slices of training count alone where there are any, since bins add up only
    at cuts that all hospitals made.
    """
    told = {name: each for name, each in sums.items() if each is not None and each.likeness and each.patients}
    apart = {name: each for name, each in told.items() if each.likeness and each.likeness.tells_unlike}
    counted = apart or told
    if not counted:
        return None
    together = add_likeness([each.likeness for each in counted.values() if each.likeness])
    effect = _mean_effect(list(counted.values()))
    return {
        "hospitals": list(counted),
        "left_out": [name for name, each in sums.items() if name not in counted and (each is None or each.patients)],
        "bins": _bins(together, effect),
        "unlike": _unlike(together, effect),
        "design_effect": effect,
    }


def _bins(counts: LikenessCounts, effect: float) -> list[Json]:
    ends = [None, *(EDGES[cut] for cut in counts.cuts), None]
    return [
        {
            "from": ends[place],
            "below": ends[place + 1],
            **_share(counts, place, effect),
            "patients": counts.patients[place],
        }
        for place in range(len(counts.slices))
    ]


def _unlike(counts: LikenessCounts, effect: float) -> Json | None:
    """Return the slices below `UNLIKE` together; None where they are not told apart."""
    if not counts.tells_unlike:
        return None
    return {"below": UNLIKE, **_share(counts.at_cuts((EDGES.index(UNLIKE),)), 0, effect)}


def _share(counts: LikenessCounts, place: int, effect: float) -> Json:
    """Return a bin's counts and its accuracy; slices count for as many as they do over the whole test."""
    slices, right = counts.slices[place], counts.right[place]
    share = right / slices if slices else None
    return {
        "slices": slices,
        "right": right,
        "test_accuracy": share,
        "interval": wilson_share(share, slices / effect) if share is not None else None,
    }


def _mean_effect(parts: Sequence[CaseSums]) -> float:
    """Return the design effect of the hospitals together, each weighted by its test slices."""
    slices = [each.scores[0].sum() for each in parts]
    return float(np.average([each.effects.accuracy for each in parts], weights=slices))
