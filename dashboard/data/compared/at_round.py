"""Every entry's value at one round, with the difference to the baseline there."""

from collections.abc import Sequence

import pandas as pd

from common.artifacts.schema import Run
from dashboard.charts import formats
from dashboard.data.compared import differences
from dashboard.data.compared.entries import Entry
from dashboard.data.compared.table import BASELINE, Table, difference_text
from dashboard.data.rounds import Measure


def at_round(
    entries: Sequence[Entry], measure: Measure, number: int, baseline: Entry | None, place: str | None = None
) -> Table:
    """Write each entry's value at a round; of several seeds the mean, where all of them have it."""

    def value(run: Run) -> float | None:
        return next((measure.of(each, place) for each in run.rounds if each.number == number), None)

    rows, tones = [], {}
    for i, entry in enumerate(entries):
        values = entry.over_seeds(value)
        shown = measure.write(sum(values) / len(values)) if values else formats.MISSING
        told = formats.MISSING
        if baseline is entry:
            told = BASELINE
        elif baseline is not None:
            apart = differences.of_values(entry, baseline, value, more_is_better=measure.percent)
            told = difference_text(apart, measure.write_change)
            tones[i, "vs baseline"] = apart.kind if apart.decided else "muted"
        rows.append({"Run": entry.title, f"At round {number}": shown, "vs baseline": told})
    return Table(pd.DataFrame(rows), tones)
