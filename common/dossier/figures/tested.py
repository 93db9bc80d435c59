"""How good the finished model is on test slices, from the counts: by class, by hospital, and how honest it is."""

import numpy as np

from common.artifacts.values import mapping
from common.dossier.evidence import Evidence
from common.dossier.figures.charts import Line, Share, count_table, line_chart, share_chart
from common.dossier.figures.drawn import confusion_of, drawn_interval, share_row, tested
from common.dossier.figures.figure import Figure, Value
from common.labels import CLASSES
from common.metrics import calibration as reliability
from common.metrics.confusion import Confusion
from common.metrics.intervals import Interval, wilson

_INTERVALS = "Bars: wider ends of the 95 % intervals of Wilson and, where recorded, of the bootstrap over groups."


def confusion(evidence: Evidence) -> Figure | None:
    """Draw the confusion matrix."""
    counts = confusion_of(evidence.metrics)
    if counts is None:
        return None
    title, caption = "Confusion matrix", "Test slices of all hospitals; percent of the true class."
    svg = count_table(tested(evidence, title, caption), CLASSES, counts.tolist())
    rows: list[list[Value]] = [[label, *row] for label, row in zip(CLASSES, counts.tolist(), strict=True)]
    return Figure("confusion", title, caption, ("true_class", *CLASSES), rows, svg)


def classes(evidence: Evidence) -> Figure | None:
    """Draw recall and precision of each class with their intervals."""
    counts = confusion_of(evidence.metrics)
    if counts is None:
        return None
    shares: list[Share] = []
    rows: list[list[Value]] = []
    for figure, totals in (("recall", counts.sum(axis=1)), ("precision", counts.sum(axis=0))):
        for index, label in enumerate(CLASSES):
            drawn = drawn_interval(evidence.metrics, f"per_class_{figure}", label)
            hits, cases = int(counts[index, index]), int(totals[index])
            shares.append(share_row(f"{label}, {figure}", hits, cases, drawn))
            rows.append([label, figure, *_share(hits, cases, drawn)])
    title, caption = "Recall and precision of each class", f"Test slices of all hospitals. {_INTERVALS}"
    svg = share_chart(tested(evidence, title, caption), shares, "Fraction")
    return Figure("classes", title, caption, ("class", "figure", *_SHARE), rows, svg)


def hospitals(evidence: Evidence) -> Figure | None:
    """Draw the accuracy at each hospital and over all."""
    bodies = {name: mapping(body) for name, body in mapping(evidence.metrics.get("per_hospital")).items()}
    shares: list[Share] = []
    rows: list[list[Value]] = []
    for name, body in [*bodies.items(), ("all hospitals", evidence.metrics)]:
        counts = confusion_of(body)
        if counts is None:
            continue
        drawn = drawn_interval(body, "test_accuracy")
        hits, cases = int(np.trace(counts)), int(counts.sum())
        shares.append(share_row(name, hits, cases, drawn))
        rows.append([name, *_share(hits, cases, drawn)])
    if not shares:
        return None
    title, caption = "Accuracy at each hospital", f"Each hospital's own test slices. {_INTERVALS}"
    svg = share_chart(tested(evidence, title, caption), shares, "Accuracy (fraction)")
    return Figure("hospitals", title, caption, ("hospital", *_SHARE), rows, svg)


def hospital_classes(evidence: Evidence) -> Figure | None:
    """Draw each class's recall at each hospital that has slices of it."""
    shares: list[Share] = []
    rows: list[list[Value]] = []
    for name, body in mapping(evidence.metrics.get("per_hospital")).items():
        counts = confusion_of(body)
        for label, hits, cases in _recalls(counts) if counts is not None else ():
            drawn = drawn_interval(mapping(body), "per_class_recall", label)
            shares.append(share_row(f"{name}, {label}", hits, cases, drawn))
            rows.append([name, label, *_share(hits, cases, drawn)])
    if not shares:
        return None
    title, caption = "Recall of each class at each hospital", f"Classes without a test slice are left out. {_INTERVALS}"
    svg = share_chart(tested(evidence, title, caption), shares, "Recall (fraction)")
    return Figure("hospital_classes", title, caption, ("hospital", "class", *_SHARE), rows, svg)


def calibration(evidence: Evidence) -> Figure | None:
    """Draw the share correct against the stated confidence, before and after the temperature."""
    recorded = mapping(evidence.metrics.get("calibration"))
    series = {
        "As the model states it": reliability.from_json(recorded),
        "At the fitted temperature": reliability.from_json({"bins": recorded.get("calibrated_bins")}),
    }
    known = {name: [each for each in bins if each.count] for name, bins in series.items()}
    lines = [
        Line(
            name, [each.confidence for each in bins], [each.accuracy for each in bins], [_wilson(each) for each in bins]
        )
        for name, bins in known.items()
        if bins
    ]
    if not lines:
        return None
    rows: list[list[Value]] = [
        [name, each.lower, each.upper, each.count, each.correct, each.confidence_sum]
        for name, bins in series.items()
        for each in bins
    ]
    title, caption = "Calibration", "Share correct in ten bins of confidence; on the dotted line both are equal."
    svg = line_chart(tested(evidence, title, caption), lines, "Mean confidence", "Share correct", diagonal=True)
    columns = ("scores", "lower", "upper", "slices_in_bin", "correct", "confidence_sum")
    return Figure("calibration", title, caption, columns, rows, svg)


_SHARE = ("hits", "cases", "value", "wilson_low", "wilson_high", "bootstrap_low", "bootstrap_high")


def _share(hits: int, cases: int, drawn: Interval | None) -> list[Value]:
    ends, other = wilson(hits, cases) or (None, None), drawn or (None, None)
    return [hits, cases, hits / cases if cases else None, *ends, *other]


def _recalls(counts: Confusion) -> list[tuple[str, int, int]]:
    return [
        (label, int(row[i]), int(row.sum()))
        for i, (label, row) in enumerate(zip(CLASSES, counts, strict=True))
        if row.any()
    ]


def _wilson(each: reliability.Bin) -> Interval | None:
    return wilson(each.correct, each.count)
