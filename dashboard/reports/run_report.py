"""A run for a department head: what was tested, how good it is and how sure, at which hospital, and why to doubt it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Spacer

from common.artifacts import figure_rows, schema, words
from common.artifacts.card import BULLET, CAVEATS, ETHICS, INTENDED_USE, fixed_section
from common.artifacts.external.words import beginning
from common.artifacts.privacy.audit import PrivacyAudit
from common.artifacts.tested.headline import headline_sentences
from common.artifacts.tested.likeness import LIKENESS_HEAD, likeness_rows
from common.artifacts.tested.patients import patient_sentence
from common.artifacts.values import mapping, text
from common.labels import CLASSES
from common.metrics.confusion import FEW_CASES
from common.text import counted
from dashboard.charts import formats, theme
from dashboard.data import caveats, facts, results
from dashboard.data.verdicts.analytics import of_run
from dashboard.data.verdicts.model import lowest_sentence
from dashboard.reports import style
from dashboard.reports.privacy import privacy_section
from dashboard.reports.style import paragraph, section, table

SYNTHETIC_RUN = "SYNTHETIC DATA: a program drew the slices of this run. Its figures say nothing about patients."
_MARKS = {True: "in order", False: "caution", None: "not recorded"}
_PARTS = ("train", "val", "test")


def run_pdf(
    run: schema.Run, at: datetime, name: str = "", audit: PrivacyAudit | None = None, *, compress: bool = True
) -> bytes:
    """Return the document, made at a time with a zone; `compress=False` leaves its text readable, for tests.

    Parameters
    ----------
    name : str
        What the run is called besides its number.
    audit : PrivacyAudit, optional
        What attacks on it found.

    Raises
    ------
    ValueError
        The run recorded no test figures.
    """
    overall = results.overall_result(run)
    if overall is None:
        raise ValueError(f"{run.run_id} recorded no test figures")
    report = _Report(run, report_names(run), overall, results.hospital_results(run), name, audit)
    return style.render(f"Report of {run.run_id}", report.story(at), compress=compress)


def report_names(run: schema.Run) -> dict[str, str]:
    """Return each hospital's name as the PDF can draw it; one in another script goes by its key or number."""
    names: dict[str, str] = {}
    for number, name in enumerate(run.hospital_names, start=1):
        hospital = run.hospitals.get(name)
        key = hospital.key if hospital is not None and hospital.key else str(number)
        by_key = style.printable(f"Hospital {key}", otherwise=f"Hospital {number}")
        names[name] = style.printable(name, otherwise=by_key)
    return names


@dataclass(frozen=True)
class _Report:
    run: schema.Run
    names: Mapping[str, str]
    """Each hospital's name as the PDF can draw it."""
    overall: results.Result
    hospitals: Mapping[str, results.Result]
    name: str
    """What the run is called besides its number; empty for nothing."""
    audit: PrivacyAudit | None

    def story(self, at: datetime) -> list[Flowable]:
        run = self.run
        banners = [*([SYNTHETIC_RUN] if run.synthetic else []), *([run.notice] if run.notice else [])]
        story = [
            paragraph(f"Brain tumour federation: {run.run_id}", "title"),
            *([paragraph(self.name)] if self.name else []),
            style.loud(style.RESEARCH_ONLY),
            *(part for banner in banners for part in (Spacer(1, 2 * mm), style.loud(banner, style.PURPLE))),
            Spacer(1, 3 * mm),
            self.verdict(),
            *map(paragraph, self.summary()),
            section("Can the figures be believed?", self.doubts()),
            section("Per class, over all hospitals", *self.classes()),
            *self.per_hospital(),
            paragraph(self.renamed(facts.fairness_sentence(run))),
            section("What was confused with what", self.confusion()),
            *self.by_likeness(),
            *self.case_figures(),
            paragraph("What the hospitals hold", "heading"),
            self.holdings(),
            *self.findings(),
            section("How the slices were split", *self.split()),
            privacy_section(run, self.audit, self.renamed),
            *(section(heading, *map(paragraph, fixed_section(heading))) for heading in (INTENDED_USE, ETHICS, CAVEATS)),
            section("How it was made", self.making(at)),
        ]
        if renamed := [shown for name, shown in self.names.items() if shown.startswith("Hospital ") and shown != name]:
            shown = f"Names in other scripts are on the web page only; here: {', '.join(renamed)}."
            story.append(paragraph(shown, "small"))
        return story

    def verdict(self) -> Flowable:
        """Return the run's verdict as on its page, loud where the model is not to be used."""
        remarks = caveats.remarks(self.run, [self.overall, *self.hospitals.values()])
        found = of_run(self.run, self.overall, remarks)
        text = self.renamed(found.text)
        return style.loud(text) if found.tone == "refuse" else paragraph(text, "verdict")

    def summary(self) -> list[str]:
        """Return the run in a few sentences."""
        overall = self.overall
        ends = overall.accuracy.interval
        sure = f" (95 % interval {formats.interval(ends)})" if ends else ""
        whose = facts.of_recipe(self.run, "the model")
        lines = [
            f"On {formats.whole(overall.n_test)} test slices {whose} named the right one of four classes for "
            f"{formats.percent(overall.accuracy.value)}{sure}; macro F1 {formats.share(overall.macro_f1)}.",
        ]
        if lowest := lowest_sentence(overall):
            lines.append(f"Lowest recall: {lowest} slices found.")
        beside = (*headline_sentences(self.run.meta), patient_sentence(self.run.metrics))
        lines += [self.renamed(each) for each in beside if each]
        known = [
            (each.accuracy.value, name) for name, each in self.hospitals.items() if each.accuracy.value is not None
        ]
        if len(known) > 1:
            (low, worst), (high, best) = min(known), max(known)
            lines.append(
                f"Equal at all hospitals that tested it ({formats.percent(low)})."
                if low == high
                else f"Lowest at {self.shown(worst)} ({formats.percent(low)}), highest at {self.shown(best)} "
                f"({formats.percent(high)})."
            )
        return lines

    def shown(self, name: str) -> str:
        return self.names.get(name, name)

    def renamed(self, sentence: str) -> str:
        for name, shown in self.names.items():
            sentence = sentence.replace(name, shown)
        return sentence

    def doubts(self) -> Flowable:
        found = caveats.remarks(self.run, [self.overall, *self.hospitals.values()])
        return table(None, [(_MARKS[each.sound], self.renamed(each.sentence)) for each in found], (0.16, 0.84))

    def classes(self) -> list[Flowable]:
        classes = self.overall.classes
        titles = [theme.class_title(row.name) + (" *" if row.few else "") for row in classes]
        recalls = [row.recall for row in classes]
        rows = [
            (title, formats.whole(row.support), *map(formats.share, (row.recall, row.precision, row.f1)))
            for title, row in zip(titles, classes, strict=True)
        ]
        parts = [
            paragraph(f"Recall: the share of a class's slices that the model found. {self.overall.sure}", "small"),
            style.intervals(titles, recalls, start=style.axis_start(recalls)),
            table(("Class", "Test slices", "Recall", "Precision", "F1"), rows, (0.2, 0.14, 0.22, 0.22, 0.22)),
        ]
        if any(row.few for row in classes):
            parts.append(paragraph(f"* fewer than {FEW_CASES} test slices: the figures say little.", "small"))
        return parts

    def per_hospital(self) -> list[Flowable]:
        heading = paragraph("Per hospital", "heading")
        if not self.hospitals:
            return [heading, paragraph("This run recorded no test figures per hospital.")]
        found = [(self.shown(name), result) for name, result in self.hospitals.items()]
        shares = [result.accuracy for _, result in found]
        rows = [
            (name, formats.whole(result.n_test), formats.share(result.accuracy), formats.share(result.macro_f1))
            for name, result in found
        ]
        recalls = [
            (name, *(formats.share_of(row.recall, row.support) for row in result.classes)) for name, result in found
        ]
        parts = [
            heading,
            style.intervals([name[:28] for name, _ in found], shares, start=style.axis_start(shares)),
            table(("Hospital", "Test slices", "Accuracy", "Macro F1"), rows, (0.36, 0.16, 0.24, 0.24)),
            Spacer(1, 2 * mm),
            table(("Recall at", *map(theme.class_title, CLASSES)), recalls, (0.28, 0.18, 0.18, 0.18, 0.18)),
            paragraph(f"– no test slice of that class there; * fewer than {FEW_CASES}.", "small"),
        ]
        return [KeepTogether(parts)] if len(rows) <= 8 else parts

    def confusion(self) -> Flowable:
        if self.overall.confusion is None:
            return paragraph("This run recorded no confusion matrix.")
        titles = [theme.class_title(name) for name in CLASSES]
        rows = []
        for title, counts in zip(titles, self.overall.confusion, strict=True):
            total = int(counts.sum())
            rows.append(
                (title, *(f"{int(n):,} ({n / total * 100:.0f} %)" if total else formats.MISSING for n in counts))
            )
        return table(("True / named", *titles), rows, (0.2, 0.2, 0.2, 0.2, 0.2))

    def case_figures(self) -> list[Flowable]:
        """Write ranking, patients and subgroups; nothing for a run that did not record them."""
        figures = self.run.metrics.get("figures")
        rows = [
            [theme.class_title(row[0]) if row[0] in CLASSES else row[0], *row[1:]]
            for row in figure_rows.ranking_rows(figures)
        ]
        if not rows:
            return []
        threshold = figure_rows.threshold(figures)
        at = f" Sensitivity and specificity, in percent, are of a probability of at least {threshold or 0.5:.0%}."
        parts = [
            paragraph(f"Each class against the rest, over all hospitals, with 95 % intervals.{at}", "small"),
            table(figure_rows.RANKING_HEAD, rows, (0.2, 0.2, 0.2, 0.2, 0.2)),
            *map(paragraph, figure_rows.sentences(figures)),
        ]
        if subgroups := figure_rows.subgroup_rows(figures):
            cells = [[by, style.printable(cell, otherwise="other"), *rest] for by, cell, *rest in subgroups]
            parts.append(table(figure_rows.SUBGROUP_HEAD, cells, (0.16, 0.3, 0.14, 0.14, 0.26)))
        return [section("Ranking, patients and subgroups", *parts)]

    def by_likeness(self) -> list[Flowable]:
        """Write accuracy by likeness to the slices of training; nothing for a run that was not told it."""
        rows = likeness_rows(self.run.metrics)
        if not rows:
            return []
        parts = [
            paragraph("A new patient's slices are most like those of the upper rows. 95 % intervals.", "small"),
            table(LIKENESS_HEAD, rows, (0.4, 0.16, 0.16, 0.28)),
        ]
        return [section("Slices by how much they look like those trained on", *parts)]

    def holdings(self) -> Flowable:
        rows = []
        for name, hospital in sorted(self.run.hospitals.items()):
            found = {s: sum(f.severity == s for f in hospital.audit) for s in ("error", "warning")}
            audit = ", ".join(counted(n, word) for word, n in found.items()) if hospital.audit else "not recorded"
            counts = [facts.small(hospital.class_counts.get(label, 0)) for label in CLASSES]
            slices = (formats.whole(hospital.total), formats.whole(hospital.used))
            rows.append((self.shown(name), *slices, *counts, audit))
        head = ("Hospital", "Slices held", "Used", *map(theme.class_title, CLASSES), "Audit")
        return table(head, rows, (0.22, 0.1, 0.08, 0.1, 0.13, 0.1, 0.1, 0.17))

    def findings(self) -> list[Flowable]:
        """List what the audits found, without what is only worth knowing."""
        found = [
            f"{BULLET}{self.shown(name)}: {finding.code} {finding.sentence}"
            for name, hospital in sorted(self.run.hospitals.items())
            for finding in hospital.audit
            if finding.severity != "info"
        ]
        return [paragraph("What the audits found:"), *map(paragraph, found)] if found else []

    def split(self) -> list[Flowable]:
        said = " ".join(words.split_sentences(self.run.meta))
        rows = [
            (
                self.shown(name),
                *(formats.whole(sum(hospital.split_counts.get(part, {}).values())) for part in _PARTS),
                formats.whole(hospital.group_count),
                words.patients_text(hospital.patients),
            )
            for name, hospital in sorted(self.run.hospitals.items())
            if hospital.split_counts
        ]
        head = ("Hospital", "Training", "Validation", "Test", "Groups", "Patients (in each part)")
        tables = [table(head, rows, (0.3, 0.11, 0.12, 0.09, 0.1, 0.28))] if rows else []
        return [paragraph(said or "How the slices were split was not recorded for this run."), *tables]

    def making(self, at: datetime) -> Flowable:
        run, meta = self.run, self.run.meta
        recorded = mapping(meta.get("versions")) or run.status.versions
        best, rounds = meta.get("best_epoch"), meta.get("num_epochs")
        rows = [
            ("Rounds", f"{rounds if isinstance(rounds, int) else '–'}, weights of round {best if best else '–'}"),
            ("First model", beginning(meta)),
            ("Method", formats.strategy(run.strategy)),
            ("Slices in all", words.slices_text(facts.total_slices(run), facts.used_slices(run))),
            ("Trained", formats.when(text(meta.get("trained_at")))),
            ("Calibration", results.calibration_sentence(run)),
            ("Weights' SHA-256", text(meta.get("sha256")) or "not recorded"),
            ("Versions", ", ".join(f"{name} {value}" for name, value in recorded.items()) or "not recorded"),
            ("This report", f"{at:%Y-%m-%d %H:%M %Z}, from the files of {run.run_id} alone"),
        ]
        return table(None, rows, (0.22, 0.78))
