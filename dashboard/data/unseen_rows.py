"""What a study says of new hospitals and new patients, as rows and tables; worked out by `common.study.unseen`."""

from collections.abc import Sequence

import pandas as pd

from common.study.answers import TOGETHER, comparisons
from common.study.records import Study
from common.study.unseen import UNSEEN, Unseen, unseen_difference
from dashboard.charts import formats, theme
from dashboard.data.study_tables import Row, written_points, written_share

OWN_SPLIT = "The run's own split"


def asked(study: Study) -> dict[str, list[Unseen]]:
    """Return what is known of each strategy, by kind, the most honest first; kinds that are not known are left out."""
    found = {kind: [each for name in study.strategies if (each := of(study, name))] for kind, of in UNSEEN.items()}
    return {kind: known for kind, known in found.items() if known}


def accuracy_rows(study: Study, found: Sequence[Unseen]) -> list[Row]:
    """Return each strategy's accuracy over all hospitals, at each, and by the own split."""
    rows = []
    for each in found:
        rows.append(Row(TOGETHER, each.strategy, each.accuracy))
        rows += [Row(name, each.strategy, each.hospitals.get(name)) for name in sorted(study.hospitals)]
        rows.append(Row(OWN_SPLIT, each.strategy, each.own_split))
    return rows


def figures_table(found: Sequence[Unseen]) -> pd.DataFrame:
    """Return the figures, one line a strategy: what was tested, the own split, recalls, the worst and best hospital."""
    labels = list(dict.fromkeys(label for each in found for label in each.recalls))
    return pd.DataFrame(
        [
            {
                "Strategy": formats.strategy(each.strategy),
                "Accuracy": written_share(each.accuracy),
                OWN_SPLIT: written_share(each.own_split),
                **{f"Recall, {theme.class_title(name)}": written_share(each.recalls.get(name)) for name in labels},
                "Worst hospital": _at(each, each.worst),
                "Best hospital": _at(each, each.best),
                "Slices": formats.whole(each.slices),
            }
            for each in found
        ]
    )


def differences_table(study: Study, found: Sequence[Unseen]) -> pd.DataFrame:
    """Return which strategies differ on the same slices; no line where there are no two to compare."""
    names = {each.strategy for each in found}
    pairs = [pair for pair in comparisons(study) if set(pair) <= names]
    compared = [unseen_difference(study, found[0].kind, *pair) for pair in pairs]
    return pd.DataFrame(
        [
            {
                "Compared": f"{formats.strategy(each.subject)} minus {formats.strategy(each.reference)}",
                "Difference": written_points(each.estimate),
                "In words": each.words,
            }
            for each in compared
        ]
    )


def _at(found: Unseen, hospital: str | None) -> str:
    return f"{hospital}: {written_share(found.hospitals[hospital])}" if hospital else formats.MISSING
