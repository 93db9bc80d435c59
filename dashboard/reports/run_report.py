"""A run for a department head: what was tested, how good it is and how sure, at which hospital, and why to doubt it."""

from __future__ import annotations

from datetime import datetime

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Spacer

from common.artifacts.schema import Run
from common.artifacts.values import mapping, text
from common.labels import CLASSES
from common.text import counted
from dashboard.charts import formats
from dashboard.charts.theme import class_title
from dashboard.data import fairness, uncertainty
from dashboard.data.caveats import remarks
from dashboard.data.facts import small, total_slices
from dashboard.data.results import Result, hospital_results, overall_result
from dashboard.data.shares import FEW_CASES, written, written_of
from dashboard.reports.card_sections import card_sections
from dashboard.reports.drawings import axis_start, intervals
from dashboard.reports.style import RESEARCH_ONLY, loud, paragraph, printable, render, table

SYNTHETIC_RUN = "SYNTHETIC DATA: a program drew the slices of this run. Its figures say nothing about patients."
_MARKS = {True: "in order", False: "caution", None: "not recorded"}


def report_names(run: Run) -> dict[str, str]:
    """Return each hospital's name as the PDF can draw it; one in another script goes by its key or number."""
    names: dict[str, str] = {}
    for number, name in enumerate(run.hospital_names, start=1):
        hospital = run.hospitals.get(name)
        key = hospital.key if hospital is not None and hospital.key else str(number)
        names[name] = printable(name, otherwise=printable(f"Hospital {key}", otherwise=f"Hospital {number}"))
    return names


def run_pdf(run: Run, at: datetime, *, compress: bool = True) -> bytes:
    """Return the document.

    Parameters
    ----------
    run : Run
        A run whose test figures are recorded.
    at : datetime
        When it was made, with a zone.
    compress : bool
        False leaves the text readable in the bytes, for tests.

    Raises
    ------
    ValueError
        The run recorded no test figures.
    """
    overall = overall_result(run)
    if overall is None:
        raise ValueError(f"{run.run_id} recorded no test figures")
    names = report_names(run)
    hospitals = hospital_results(run)
    results = [overall, *hospitals.values()]
    story: list[Flowable] = [paragraph(f"Brain tumour federation: {run.run_id}", "title"), loud(RESEARCH_ONLY)]
    if run.synthetic:
        story += [Spacer(1, 2 * mm), loud(SYNTHETIC_RUN, "#5C1070")]
    if run.notice:
        story += [Spacer(1, 2 * mm), loud(run.notice, "#5C1070")]
    story += [Spacer(1, 3 * mm), *[paragraph(line) for line in summary(run, overall, hospitals, names)]]
    story += [KeepTogether([paragraph("Can the figures be believed?", "heading"), *_doubts(run, results, names)])]
    story += [KeepTogether([paragraph("Per class, over all hospitals", "heading"), *_classes(overall)])]
    story += [*_hospitals(hospitals, names), paragraph(_renamed(fairness.sentence(run), names))]
    story += [KeepTogether([paragraph("What was confused with what", "heading"), *_confusion(overall)])]
    story += [paragraph("What the hospitals hold", "heading"), _holdings(run, names)]
    story += card_sections(run, names)
    story += [KeepTogether([paragraph("How it was made", "heading"), _making(run, at)])]
    if renamed := [shown for name, shown in names.items() if shown.startswith("Hospital ") and shown != name]:
        story += [paragraph(f"Names in other scripts stand on the screen only; here: {', '.join(renamed)}.", "small")]
    return render(f"Report of {run.run_id}", story, compress=compress)


def summary(run: Run, overall: Result, hospitals: dict[str, Result], names: dict[str, str]) -> list[str]:
    """Return the run in a few sentences."""
    ends = overall.accuracy.interval
    sure = f" (95 % interval {formats.interval(ends)})" if ends else ""
    lines = [
        f"On {formats.whole(overall.n_test)} test slices the model named the right one of four classes for "
        f"{formats.percent(overall.accuracy.value)}{sure}; macro F1 {written(overall.macro_f1)}.",
    ]
    recalls = [(row.recall.value, row) for row in overall.classes if row.recall.value is not None and not row.few]
    if recalls:
        value, row = min(recalls, key=lambda pair: pair[0])
        lines.append(
            f"It misses {class_title(row.name)} most often: of {formats.whole(row.support)} such slices it found "
            f"{formats.percent(value)}."
        )
    known = [(result.accuracy.value, name) for name, result in hospitals.items() if result.accuracy.value is not None]
    if len(known) > 1:
        (low, worst), (high, best) = min(known), max(known)
        lines.append(
            f"Lowest at {names.get(worst, worst)} ({formats.percent(low)}), highest at {names.get(best, best)} "
            f"({formats.percent(high)})."
        )
    return lines


def _doubts(run: Run, results: list[Result], names: dict[str, str]) -> list[Flowable]:
    rows = [(_MARKS[remark.sound], _renamed(remark.sentence, names)) for remark in remarks(run, results)]
    return [table(None, rows, (0.16, 0.84))]


def _renamed(sentence: str, names: dict[str, str]) -> str:
    for name, shown in names.items():
        sentence = sentence.replace(name, shown)
    return sentence


def _classes(result: Result) -> list[Flowable]:
    titles = [class_title(row.name) + (" *" if row.few else "") for row in result.classes]
    recalls = [row.recall for row in result.classes]
    rows = [
        (title, formats.whole(row.support), *(written(share) for share in (row.recall, row.precision, row.f1)))
        for title, row in zip(titles, result.classes, strict=True)
    ]
    parts: list[Flowable] = [
        paragraph(f"Recall: the share of a class's slices that the model found. {result.sure}", "small"),
        intervals(titles, recalls, start=axis_start(recalls)),
        table(("Class", "Test slices", "Recall", "Precision", "F1"), rows, (0.2, 0.14, 0.22, 0.22, 0.22)),
    ]
    if any(row.few for row in result.classes):
        parts.append(paragraph(f"* fewer than {FEW_CASES} test slices: the figures say little.", "small"))
    return parts


def _hospitals(hospitals: dict[str, Result], names: dict[str, str]) -> list[Flowable]:
    heading = paragraph("Per hospital", "heading")
    if not hospitals:
        return [heading, paragraph("This run recorded no test figures per hospital.")]
    labels = [names.get(name, name) for name in hospitals]
    shares = [result.accuracy for result in hospitals.values()]
    rows = [
        (label, formats.whole(result.n_test), written(result.accuracy), written(result.macro_f1))
        for label, result in zip(labels, hospitals.values(), strict=True)
    ]
    recalls = [
        (label, *(written_of(row.recall, row.support) for row in result.classes))
        for label, result in zip(labels, hospitals.values(), strict=True)
    ]
    parts = [
        heading,
        intervals([label[:28] for label in labels], shares, start=axis_start(shares)),
        table(("Hospital", "Test slices", "Accuracy", "Macro F1"), rows, (0.36, 0.16, 0.24, 0.24)),
        Spacer(1, 2 * mm),
        table(("Recall at", *map(class_title, CLASSES)), recalls, (0.28, 0.18, 0.18, 0.18, 0.18)),
        paragraph(f"– no test slice of that class there; * fewer than {FEW_CASES}.", "small"),
    ]
    return [KeepTogether(parts)] if len(rows) <= 8 else parts


def _confusion(result: Result) -> list[Flowable]:
    if result.confusion is None:
        return [paragraph("This run recorded no confusion matrix.")]
    titles = [class_title(name) for name in CLASSES]
    rows = []
    for title, counts in zip(titles, result.confusion, strict=True):
        total = int(counts.sum())
        cells = [f"{int(n):,} ({n / total * 100:.0f} %)" if total else formats.MISSING for n in counts]
        rows.append((title, *cells))
    return [table(("True / named", *titles), rows, (0.2, 0.2, 0.2, 0.2, 0.2))]


def _holdings(run: Run, names: dict[str, str]) -> Flowable:
    rows = []
    for name in sorted(run.hospitals):
        hospital = run.hospitals[name]
        found = {s: sum(f.severity == s for f in hospital.audit) for s in ("error", "warning")}
        audit = ", ".join(counted(n, word) for word, n in found.items()) if hospital.audit else "not recorded"
        counts = [small(hospital.class_counts.get(label, 0)) for label in CLASSES]
        rows.append((names.get(name, name), formats.whole(hospital.total), *counts, audit))
    head = ("Hospital", "Slices", *map(class_title, CLASSES), "Audit")
    return table(head, rows, (0.25, 0.1, 0.1, 0.13, 0.1, 0.12, 0.2))


def _making(run: Run, at: datetime) -> Flowable:
    meta = run.meta
    recorded = mapping(meta.get("versions")) or run.status.versions
    versions = ", ".join(f"{name} {value}" for name, value in recorded.items()) or "not recorded"
    best, rounds = meta.get("best_epoch"), meta.get("num_epochs")
    sha256 = text(meta.get("sha256"))
    rows = [
        ("Rounds", f"{rounds if isinstance(rounds, int) else '–'}, weights of round {best if best else '–'}"),
        ("Method", formats.strategy(run.strategy)),
        ("Slices in all", formats.whole(total_slices(run))),
        ("Trained", formats.when(text(meta.get("trained_at")))),
        ("Calibration", uncertainty.sentence(run)),
        ("Weights' SHA-256", sha256 or "not recorded"),
        ("Versions", versions),
        ("This report", f"{at:%Y-%m-%d %H:%M %Z}, from the files of {run.run_id} alone"),
    ]
    return table(None, rows, (0.22, 0.78))
