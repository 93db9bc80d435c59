"""Who gains, who loses, in words: the verdict, the table, and what is not like for like."""

import pandas as pd

from common.text import listed
from dashboard.charts import formats
from dashboard.data.gains.figures import GAINS, LOSES, OPEN, UNKNOWN, Gain, Gains

WORDS = {GAINS: "gains", LOSES: "loses", OPEN: "too close to tell", UNKNOWN: "not known"}


def verdict(gains: Gains) -> str:
    """Say in one or two sentences who gains and who loses."""
    if gains.unlike:
        return "Who gains cannot be told: the models were not trained alike."
    better, worse, rest = gains.of(GAINS), gains.of(LOSES), gains.of(OPEN)
    said = []
    if better:
        who = "Every hospital" if len(better) == len(gains.rows) > 1 else listed(better)
        verb = "gains" if who == "Every hospital" else _verb(better, "gains", "gain")
        said.append(f"{who} {verb} from the shared model{_by(gains, GAINS)}")
    if worse:
        said.append(f"{listed(worse)} {_verb(worse, 'loses', 'lose')}{_by(gains, LOSES)}")
    if rest and not said:
        return (
            f"These figures show no difference at any hospital ({listed(rest)}): the two models are too close to tell."
        )
    if rest:
        said.append(f"at {listed(rest)} it is too close to tell")
    if not said:
        return "No hospital has both models tested on the same slices."
    return f"{'; '.join(said)}."


def unlike_sentence(gains: Gains) -> str:
    """Say that the two were not trained alike; only where `Gains.unlike` says so."""
    return f"Not like for like: {listed(gains.unlike)}."


def _by(gains: Gains, kind: str) -> str:
    sizes = [abs(row.difference) * 100 for row in gains.rows if row.kind == kind and row.difference is not None]
    low, high = min(sizes), max(sizes)
    return f" ({low:.1f} points)" if f"{low:.1f}" == f"{high:.1f}" else f" ({low:.1f} to {high:.1f} points)"


def _verb(names: list[str], one: str, many: str) -> str:
    return one if len(names) == 1 else many


def table(gains: Gains) -> pd.DataFrame:
    """Return the figures, written, what matters first: a phone shows a few columns."""
    return pd.DataFrame(
        [
            {
                "Hospital": row.hospital,
                "Verdict": WORDS[row.kind],
                "Difference": points(row),
                "Own model": formats.share(row.own),
                "Shared model": formats.share(row.shared),
                "Test slices": formats.whole(row.cases),
            }
            for row in gains.rows
        ]
    )


def points(row: Gain) -> str:
    """Write a difference with its interval: "+2.8 pp (+0.9 to +4.7)"."""
    ends = row.interval
    sure = f" ({ends[0] * 100:+.1f} to {ends[1] * 100:+.1f})" if ends else ""
    return f"{formats.points(row.difference)}{sure}"
