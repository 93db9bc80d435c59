"""A study as rows that charts and tables are made of; everything is worked out by `common.study`."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from common.study import site
from common.study.answers import TOGETHER, contributions, difference
from common.study.figures import over_seeds
from common.study.records import Study
from common.study.statistics import MEASURES, Estimate, Measure, Verdict
from common.study.uncertainty import title
from dashboard.charts import formats, theme

SITE_ONLY = "Site alone"
SITE_ROWS = {"recall": "Slices of the class", "own_others": "Same site, other class", "elsewhere": "Other sites"}


@dataclass(frozen=True)
class Row:
    """One dot or bar."""

    place: str
    """What it is about: a hospital, or all of them together."""
    series: str
    estimate: Estimate | None
    """As fractions; None where nothing is known."""
    verdict: Verdict | None = None
    """Of a difference."""


def measure_titles() -> dict[str, str]:
    """Return what can be compared: key to title, as screens show it."""
    plain = {"accuracy": "Accuracy", "macro_f1": "Macro F1"}
    return {m.key: plain.get(m.key, f"Recall, {theme.class_title(m.key.removeprefix('recall_'))}") for m in MEASURES}


def measure(key: str) -> Measure:
    """Return a measure by its key, accuracy for a key that is none."""
    return next((each for each in MEASURES if each.key == key), MEASURES[0])


def places(study: Study) -> list[tuple[str, str | None]]:
    """Return title and hospital of every row: all of them together, then each, alphabetically."""
    return [(TOGETHER, None), *((name, name) for name in sorted(study.hospitals))]


def strategy_rows(study: Study, of: Measure) -> list[Row]:
    """Return each strategy's mean at each place."""
    return [
        Row(shown, strategy, over_seeds(study, strategy, of, study.hospitals if name is None else (name,)))
        for strategy in study.strategies
        for shown, name in places(study)
    ]


def difference_rows(study: Study, baseline: str, of: Measure) -> list[Row]:
    """Return the federated strategy minus a baseline at each place; nothing if one of them was not run."""
    if study.federated is None or baseline not in study.strategies:
        return []
    found = [(shown, difference(study, study.federated, baseline, of, name)) for shown, name in places(study)]
    return [Row(shown, baseline, each.estimate, each.verdict) for shown, each in found]


def brought_rows(study: Study, of: Measure) -> list[Row]:
    """Return what each hospital brings to the others together."""
    found = {each.hospital: each for each in contributions(study, (of,)) if each.on is None}
    return [Row(name, TOGETHER, found[name].estimate, found[name].verdict) for name in sorted(found)]


def brought_table(study: Study, of: Measure) -> pd.DataFrame:
    """Return what each hospital brings to each of the others, written."""
    rows: dict[str, dict[str, str]] = {name: {"Brought by": name} for name in sorted(study.hospitals)}
    for each in contributions(study, (of,)):
        column = "To the others" if each.on is None else f"To {each.on}"
        rows[each.hospital][column] = written_points(each.estimate)
    names = ["Brought by", "To the others", *(f"To {name}" for name in sorted(study.hospitals))]
    return pd.DataFrame(list(rows.values()), columns=names).fillna(formats.MISSING)


def site_rows(study: Study, label: str, hospital: str) -> list[Row]:
    """Return how often each strategy says a class that one hospital holds alone, and what the site alone would say."""
    rows = []
    for strategy in study.strategies:
        found = site.over_seeds(study, strategy, label, hospital)
        rows += [Row(shown, strategy, found[name]) for name, shown in SITE_ROWS.items()]
    always = {"recall": 1.0, "own_others": 1.0, "elsewhere": 0.0}
    return rows + [Row(shown, SITE_ONLY, Estimate(always[name], None, None, 1)) for name, shown in SITE_ROWS.items()]


def site_table(study: Study, label: str, hospital: str) -> pd.DataFrame:
    """Return the same as a table, with what follows from it."""
    rows = []
    for strategy in study.strategies:
        found = site.over_seeds(study, strategy, label, hospital)
        rows.append(
            {
                "Strategy": formats.strategy(strategy),
                **{shown: written_share(found[name]) for name, shown in SITE_ROWS.items()},
                "Told apart": written_points(found["told_apart"]),
                "Pulled by the site": written_points(found["lean"]),
            }
        )
    return pd.DataFrame(rows)


def site_sentence(study: Study, label: str, hospital: str) -> str | None:
    """Say how well the model and the site alone answer "is it this class?"; None where nothing is known."""
    found = site.over_seeds(study, study.federated or "", label, hospital)
    model, rule = found["accuracy"], found["site_accuracy"]
    if model is None or rule is None:
        return None
    return (
        f"Asked of every test slice whether it is {theme.class_title(label)}, {formats.strategy(study.federated)} is "
        f"right for {formats.percent(model.mean)}; to say yes whenever it is from {hospital} is right for "
        f"{formats.percent(rule.mean)} and knows nothing of the class."
    )


def pivot(rows: Sequence[Row], heading: str = "Hospital") -> pd.DataFrame:
    """Return rows as a table: one line a place, one column a series, shares with their intervals."""
    lines: dict[str, dict[str, str]] = {}
    for row in rows:
        lines.setdefault(row.place, {heading: row.place})[formats.strategy(row.series)] = written_share(row.estimate)
    return pd.DataFrame(list(lines.values()))


def difference_table(rows: Sequence[Row]) -> pd.DataFrame:
    """Return differences as a table, in the verdict's words, which hold the figure."""
    return pd.DataFrame(
        [
            {
                "Hospital": row.place,
                "Seeds": row.estimate.n if row.estimate else 0,
                "Difference": row.verdict.words if row.verdict else formats.MISSING,
            }
            for row in rows
        ]
    )


def cell_table(study: Study) -> pd.DataFrame:
    """Return the runs behind a study."""
    return pd.DataFrame(
        [
            {
                "Cell": title(result),
                "State": result.state,
                "Run": result.run_id or formats.MISSING,
                "Took": formats.duration(result.seconds),
                "Gradient steps": formats.whole(result.steps),
                "Reason": result.reason or "",
            }
            for result in study.cells
        ]
    )


def written_share(found: Estimate | None) -> str:
    """Write a mean with its interval: "90.8 % (88.1–92.0)"."""
    return formats.share(formats.Share(found.mean, found.interval) if found else formats.Share())


def written_points(found: Estimate | None) -> str:
    """Write a difference with its interval: "+2.8 pp (+0.9 to +4.7)"."""
    if found is None or found.interval is None:
        return formats.points(found.mean if found else None)
    low, high = found.interval
    return f"{formats.points(found.mean)} ({low * 100:+.1f} to {high * 100:+.1f})"
