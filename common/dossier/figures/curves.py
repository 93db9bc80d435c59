"""Figures from the sums of scores, as recorded: AUROC, decision curves, patients, subgroups; and other evaluations."""

from collections.abc import Mapping
from typing import Any

from common.artifacts.values import count, interval, mapping, number, sequence
from common.artifacts.words import NOTHING, accuracy_interval, share_text
from common.dossier.answers.said import decimal
from common.dossier.evidence import Evidence
from common.dossier.figures.charts import Line, Share, line_chart, share_chart
from common.dossier.figures.drawn import confusion_of, named, share_row, tested
from common.dossier.figures.figure import Figure, Value
from common.labels import CLASSES
from common.metrics import score_bins
from common.metrics.intervals import Interval, wilson

_AREAS = {"auroc": "AUROC", "average_precision": "average precision"}
_RECORDED = "As recorded; the scores that it is made of stay at the hospitals."


def areas(evidence: Evidence) -> Figure | None:
    """Draw AUROC and average precision of each class."""
    shares: list[Share] = []
    rows: list[list[Value]] = []
    for key, name in _AREAS.items():
        for label in CLASSES:
            own = mapping(mapping(evidence.figures.get("per_class")).get(label))
            value, ends = number(own.get(key)), interval(own.get(f"{key}_interval"))
            if value is not None:
                shares.append(Share(f"{label}, {name}", value, ends, decimal(value, ends) or NOTHING))
                rows.append([label, key, value, *(ends or (None, None)), count(own.get("positives"))])
    if not shares:
        return None
    title, caption = "AUROC and average precision", f"Each class against the others, with 95 % intervals. {_RECORDED}"
    svg = share_chart(tested(evidence, title, caption), shares, "Fraction")
    return Figure("auroc", title, caption, ("class", "figure", "value", "low", "high", "positives"), rows, svg)


def roc(evidence: Evidence) -> Figure | None:
    """Draw sensitivity against false alarms for each class, from the cases by score."""
    scores = score_bins.from_json(evidence.metrics.get("score_counts"))
    if scores is None:
        return None
    lines: list[Line] = []
    rows: list[list[Value]] = []
    for label, (own, others) in zip(CLASSES, scores, strict=True):
        if not own.any() or not others.any():
            continue
        filled = [place for place in range(len(own) - 1, -1, -1) if own[place] or others[place]]
        points = [(0, 0), *((int(others[place:].sum()), int(own[place:].sum())) for place in filled)]
        cases, alarms = int(own.sum()), int(others.sum())
        lines.append(Line(label, [wrong / alarms for wrong, _ in points], [hit / cases for _, hit in points]))
        rows += [[label, hit, cases, wrong, alarms, hit / cases, wrong / alarms] for wrong, hit in points]
    if not lines:
        return None
    title, caption = "ROC curves", "Each class against the others, over all hospitals; on the dotted line is chance."
    drawn = tested(evidence, title, caption)
    svg = line_chart(drawn, lines, "1 - specificity", "Sensitivity", diagonal=True, marks=False)
    columns = ("class", "hits", "positives", "false_alarms", "negatives", "sensitivity", "false_positive_rate")
    return Figure("roc", title, caption, columns, rows, svg)


def patients(evidence: Evidence) -> Figure | None:
    """Draw the recall of each class counted in patients, and their accuracy."""
    own = mapping(evidence.figures.get("per_patient"))
    counts = confusion_of(own)
    if counts is None or not counts.any():
        return None
    parts = [(label, int(counts[i, i]), int(counts[i].sum())) for i, label in enumerate(CLASSES)]
    parts.append(("accuracy", int(counts.trace()), int(counts.sum())))
    shares = [share_row(name, hits, cases, None) for name, hits, cases in parts]
    rows: list[list[Value]] = [
        [name, hits, cases, hits / cases if cases else None, *(wilson(hits, cases) or (None, None))]
        for name, hits, cases in parts
    ]
    title, caption = (
        "Recall of each class by patient",
        f"Mean of a patient's slices; patients known from: {named(own.get('source'))}.",
    )
    svg = share_chart(tested(evidence, title, caption), shares, "Fraction of patients")
    return Figure(
        "patients", title, caption, ("class", "hits", "patients", "value", "wilson_low", "wilson_high"), rows, svg
    )


def decision_curves(evidence: Evidence) -> Figure | None:
    """Draw the net benefit of the model for each class, and of treating everybody as having it."""
    lines: list[Line] = []
    rows: list[list[Value]] = []
    for label in CLASSES:
        points = [mapping(each) for each in sequence(mapping(evidence.figures.get("net_benefit")).get(label))]
        known = [(number(each.get("threshold")), number(each.get("model")), number(each.get("all"))) for each in points]
        xs = [at for at, _, _ in known if at is not None and 0 < at < 1]
        if len(xs) < 2 or len(xs) < len(known):
            continue
        lines.append(Line(label, xs, [model for _, model, _ in known]))
        rows += [[label, at, model, everybody] for at, model, everybody in known]
    if not lines:
        return None
    title, caption = "Decision curves", f"Net benefit for each class; 0 is to act on nobody. {_RECORDED}"
    svg = line_chart(tested(evidence, title, caption), lines, "Threshold (probability)", "Net benefit")
    return Figure("decision_curves", title, caption, ("class", "threshold", "model", "all"), rows, svg)


def subgroups(evidence: Evidence) -> Figure | None:
    """Draw the accuracy of each subgroup that was large enough to leave its hospital."""
    shares: list[Share] = []
    rows: list[list[Value]] = []
    for each in (mapping(cell) for cell in sequence(evidence.figures.get("subgroups"))):
        value, ends = number(each.get("test_accuracy")), interval(each.get("interval"))
        if value is not None:
            shares.append(_share(f"{named(each.get('by'))}: {named(each.get('cell'))}", value, ends))
            sizes = (count(each.get("slices")), count(each.get("patients")))
            rows.append([named(each.get("by")), named(each.get("cell")), value, *(ends or (None, None)), *sizes])
    if not shares:
        return None
    title, caption = "Accuracy of subgroups", "Cells with too few patients did not leave their hospitals."
    svg = share_chart(tested(evidence, title, caption), shares, "Accuracy (fraction)")
    columns = ("by", "cell", "value", "low", "high", "slices", "patients")
    return Figure("subgroups", title, caption, columns, rows, svg)


def evaluations(evidence: Evidence) -> Figure | None:
    """Draw the accuracy on the hospitals' own test slices beside that of evaluations elsewhere."""
    test = f"test of {evidence.run.measured_with or 'the run'}"
    known: list[tuple[str, str, Mapping[str, Any]]] = [(test, "all", evidence.metrics)]
    for each in evidence.evaluations:
        known.append((each.name, "all", each.metrics))
        known += [(each.name, name, mapping(body)) for name, body in mapping(each.metrics.get("per_hospital")).items()]
    shares: list[Share] = []
    rows: list[list[Value]] = []
    for name, where, body in known:
        value, counts = number(body.get("test_accuracy")), confusion_of(body)
        ends = accuracy_interval(body)
        if value is not None:
            shares.append(_share(name if where == "all" else f"{name}: {where}", value, ends))
            rows.append(
                [name, where, value, *(ends or (None, None)), int(counts.sum()) if counts is not None else None]
            )
    if not evidence.evaluations or len(shares) < 2:
        return None
    title, caption = "Accuracy elsewhere", "The same model at hospitals that did not train it, beside its own test."
    svg = share_chart(tested(evidence, title, caption), shares, "Accuracy (fraction)")
    return Figure(
        "evaluations", title, caption, ("evaluation", "hospital", "value", "low", "high", "slices_tested"), rows, svg
    )


def _share(name: str, value: float, ends: Interval | None) -> Share:
    return Share(name, value, ends, share_text(value, ends) if 0 <= value <= 1 else NOTHING)
