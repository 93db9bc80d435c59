"""The figures that reviewers ask for, from the sums of one hospital or of several, as ``model_meta.json`` keeps them.

A figure that cannot be computed is None.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from common.labels import CLASSES
from common.metrics.case_sums import SOURCES, CaseSums
from common.metrics.clusters import wilson_share
from common.metrics.confusion import add_confusions
from common.metrics.intervals import accuracy_interval, wilson
from common.metrics.net_benefit import decision_curve
from common.metrics.ranking import auroc, auroc_interval, average_precision, average_precision_interval
from common.metrics.score_bins import BINS, Histograms, to_json
from common.metrics.subgroups import add_subgroups
from common.metrics.thresholds import at_threshold

Json = dict[str, Any]


def case_figures(sums: Sequence[CaseSums | None]) -> Json | None:
    """Return the figures over all the hospitals; None if one of them sent no sums, or none had a case."""
    known = _known(sums)
    if not known:
        return None
    scores = np.sum([each.scores for each in known], axis=0)
    cases = int(scores[0].sum())
    per_class = {name: _of_class(known, i, cases) for i, name in enumerate(CLASSES)}
    return {
        "bins": BINS,
        "per_class": per_class,
        **_macro(per_class),
        "brier": sum(sum(each.brier) for each in known) / cases,
        "net_benefit": {name: decision_curve(*scores[i]) for i, name in enumerate(CLASSES)},
        "per_patient": _per_patient(known),
        **_subgroups(known),
    }


def score_counts(sums: Sequence[CaseSums | None]) -> Json | None:
    """Return cases by score over all the hospitals, of which the figures are made; None where those are None."""
    known = _known(sums)
    return to_json(np.sum([each.scores for each in known], axis=0)) if known else None


def _known(sums: Sequence[CaseSums | None]) -> list[CaseSums]:
    """Return the sums of the hospitals that had a case; none at all if one of them sent no sums."""
    parts = [each for each in sums if each is None or each.patients]
    known = [each for each in parts if each is not None]
    return known if len(known) == len(parts) else []


def _of_class(known: Sequence[CaseSums], index: int, cases: int) -> Json:
    parts = [(each.scores[index, 0], each.scores[index, 1]) for each in known]
    own_effect, others_effect = (
        _mean([getattr(each.effects, side)[index] for each in known], [part[place].sum() for part in parts])
        for place, side in enumerate(("own", "others"))
    )
    ranked = _ranked(parts, [each.effects.both[index] for each in known], own_effect)
    own, others = (np.sum([part[side] for part in parts], axis=0) for side in (0, 1))
    brier = sum(each.brier[index] for each in known) / cases
    return ranked | asdict(at_threshold(own, others, (own_effect, others_effect))) | {"brier": brier}


def _ranked(parts: Sequence[tuple[Histograms, Histograms]], effects: Sequence[float], own_effect: float) -> Json:
    """Return the figures that rest on the order of the scores, each hospital's own and other cases by score given."""
    own, others = (np.sum([part[side] for part in parts], axis=0) for side in (0, 1))
    precision = average_precision(own, others)
    return {
        "positives": int(own.sum()),
        "negatives": int(others.sum()),
        "auroc": auroc(own, others),
        "auroc_interval": auroc_interval(parts, effects),
        "average_precision": precision,
        "average_precision_interval": average_precision_interval(precision, own.sum() / own_effect),
    }


def _macro(per_class: Mapping[str, Json]) -> Json:
    """Return the mean AUROC of the classes that have one; its interval is as if their errors went together."""
    found = [own for own in per_class.values() if own["auroc"] is not None]
    ends = [own["auroc_interval"] for own in found]
    return {
        "macro_auroc": float(np.mean([own["auroc"] for own in found])) if found else None,
        "macro_auroc_interval": tuple(float(end) for end in np.mean(ends, axis=0)) if found else None,
    }


def _per_patient(known: Sequence[CaseSums]) -> Json:
    """Return the figures of whole patients, who count as independent."""
    confusion = add_confusions(each.patient_confusion for each in known)
    hits, support = np.diagonal(confusion).tolist(), confusion.sum(axis=1).tolist()
    per_class = {
        name: _ranked([(each.patient_scores[i, 0], each.patient_scores[i, 1]) for each in known], [1.0] * len(known), 1)
        for i, name in enumerate(CLASSES)
    }
    rows = list(zip(CLASSES, hits, support, strict=True))
    return {
        "patients": int(confusion.sum()),
        "source": min((each.patient_source for each in known), key=SOURCES.index),
        "test_accuracy": float(np.trace(confusion) / confusion.sum()),
        "interval": accuracy_interval(confusion),
        "confusion_matrix": confusion.tolist(),
        "per_class_recall": {name: hit / cases if cases else None for name, hit, cases in rows},
        "per_class_recall_interval": {name: wilson(hit, cases) for name, hit, cases in rows},
        "per_class": per_class,
        **_macro(per_class),
    }


def _subgroups(known: Sequence[CaseSums]) -> Json:
    """Return the accuracy in each subgroup; slices count for as many as they do over all."""
    together = add_subgroups([each.subgroups for each in known])
    effect = _mean([each.effects.accuracy for each in known], [each.scores[0].sum() for each in known])
    cells = []
    for each in together.cells:
        slices = int(each.confusion.sum())
        share = float(np.trace(each.confusion)) / slices
        cells.append(
            {
                "by": each.by,
                "cell": each.cell,
                "slices": slices,
                "patients": each.patients,
                "test_accuracy": share,
                "interval": wilson_share(share, slices / effect),
            }
        )
    return {"subgroups": cells, "subgroups_withheld": together.withheld}


def _mean(effects: Sequence[float], cases: Sequence[Any]) -> float:
    """Return the hospitals' design effect together, each weighted by its cases."""
    return float(np.average(effects, weights=cases)) if any(cases) else 1.0
