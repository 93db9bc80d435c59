"""Figures from the sums of scores, as recorded: AUROC, decision curves, patients, subgroups; and other evaluations."""

from collections.abc import Mapping
from typing import Any

from common.artifacts.values import count, interval, mapping, number, sequence
from common.artifacts.words import NOTHING, recorded_interval, share_text
from common.dossier.evidence import Evidence
from common.dossier.figures.charts import Line, Share, line_chart, share_chart
from common.dossier.figures.drawn import confusion_of, named, titled
from common.dossier.figures.figure import Figure, Value
from common.labels import CLASSES
from common.metrics.intervals import Interval

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
                shares.append(_share(f"{label}, {name}", value, ends))
                rows.append([label, key, value, *(ends or (None, None)), count(own.get("positives"))])
    if not shares:
        return None
    title, caption = "AUROC and average precision", f"Each class against the others, with 95 % intervals. {_RECORDED}"
    svg = share_chart(titled(evidence, title, caption), shares, "Fraction")
    return Figure("auroc", title, caption, ("class", "figure", "value", "low", "high", "positives"), rows, svg)


def decision_curves(evidence: Evidence) -> Figure | None:
    """Draw the net benefit of the model for each class, and of treating everybody as having it."""
    lines: list[Line] = []
    rows: list[list[Value]] = []
    for label in CLASSES:
        points = [mapping(each) for each in sequence(mapping(evidence.figures.get("net_benefit")).get(label))]
        known = [(number(each.get("threshold")), number(each.get("model")), number(each.get("all"))) for each in points]
        xs = [at for at, _, _ in known if at is not None]
        if len(xs) < 2 or len(xs) < len(known):
            continue
        lines.append(Line(label, xs, [model for _, model, _ in known]))
        rows += [[label, at, model, everybody] for at, model, everybody in known]
    if not lines:
        return None
    title, caption = "Decision curves", f"Net benefit for each class; 0 is to act on nobody. {_RECORDED}"
    svg = line_chart(titled(evidence, title, caption), lines, "Threshold (probability)", "Net benefit")
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
    svg = share_chart(titled(evidence, title, caption), shares, "Accuracy (fraction)")
    columns = ("by", "cell", "value", "low", "high", "slices", "patients")
    return Figure("subgroups", title, caption, columns, rows, svg)


def evaluations(evidence: Evidence) -> Figure | None:
    """Draw the accuracy on the hospitals' own test slices beside that of evaluations elsewhere."""
    known: list[tuple[str, str, Mapping[str, Any]]] = [("test of the run", "all", evidence.metrics)]
    for each in evidence.evaluations:
        known.append((each.name, "all", each.metrics))
        known += [(each.name, name, mapping(body)) for name, body in mapping(each.metrics.get("per_hospital")).items()]
    shares: list[Share] = []
    rows: list[list[Value]] = []
    for name, where, body in known:
        value, counts = number(body.get("test_accuracy")), confusion_of(body)
        ends = recorded_interval(body.get("intervals"), "test_accuracy") or interval(body.get("interval"))
        if value is not None:
            shares.append(_share(name if where == "all" else f"{name}: {where}", value, ends))
            rows.append(
                [name, where, value, *(ends or (None, None)), int(counts.sum()) if counts is not None else None]
            )
    if not evidence.evaluations or len(shares) < 2:
        return None
    title, caption = "Accuracy elsewhere", "The same model at hospitals that did not train it, beside its own test."
    svg = share_chart(titled(evidence, title, caption), shares, "Accuracy (fraction)")
    return Figure(
        "evaluations", title, caption, ("evaluation", "hospital", "value", "low", "high", "slices_tested"), rows, svg
    )


def _share(name: str, value: float, ends: Interval | None) -> Share:
    return Share(name, value, ends, share_text(value, ends) if 0 <= value <= 1 else NOTHING)
