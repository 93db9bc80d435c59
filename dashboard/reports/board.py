"""One page for a board: what was trained and by whom, who gains and who loses, what left each hospital."""

from datetime import datetime

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer

from common.artifacts import words
from common.artifacts.schema import Run
from common.artifacts.values import text
from common.config.architectures import architecture_of
from common.labels import CLASSES
from common.text import counted, listed
from dashboard.charts import formats, theme
from dashboard.data import caveats, facts, results
from dashboard.data.gains import left as what_left
from dashboard.data.gains import words as gain_words
from dashboard.data.gains.figures import Gains
from dashboard.reports import style
from dashboard.reports.arrows import arrows
from dashboard.reports.run_report import SYNTHETIC_RUN, report_names
from dashboard.reports.style import paragraph, table

_MOST_DOUBTS = 3
_LEGEND = (
    "Circle: the hospital's own model. Arrow: to the shared one, on the hospital's own test slices. Thin lines: 95 % "
    "intervals. Grey: too close to tell."
)


def board_pdf(run: Run, gains: Gains, at: datetime, *, compress: bool = True) -> bytes:
    """Return the document, made at a time with a zone; `compress=False` leaves its text readable, for tests.

    Parameters
    ----------
    run : Run
        Completed, with the shared model.
    gains : Gains
        What it is measured against.
    """
    names = report_names(run)
    story: list[Flowable] = [
        paragraph("Is the shared model worth it?", "title"),
        style.loud(style.RESEARCH_ONLY),
        *_banners(run, gains),
        paragraph(_renamed(gain_words.verdict(gains), names), "heading"),
        paragraph(_renamed(trained(run), names)),
        Spacer(1, 2 * mm),
        arrows(gains, names),
        paragraph(f"{_LEGEND} {gains.source}. {gains.how}", "small"),
        *([paragraph(gain_words.unlike_sentence(gains), "small")] if gains.unlike else []),
        _figures(run, gains, names),
        *_doubts(run, names),
        paragraph("What left each hospital", "heading"),
        paragraph(_left(run), "cell"),
        paragraph("What protected it", "heading"),
        table(None, what_left.protection(run), (0.22, 0.78)),
        paragraph(f"Made {at:%Y-%m-%d %H:%M %Z} from the files of {run.run_id} and of {gains.source}.", "small"),
    ]
    return style.render(f"Is the shared model worth it? {run.run_id}", story, compress=compress)


def trained(run: Run) -> str:
    """Say what was trained, by whom, on how much, and how good it is."""
    hospitals, best = run.hospital_names, results.overall_result(run)
    slices = words.slices_text(facts.total_slices(run), facts.used_slices(run), "slices")
    lines = [
        f"{run.run_id}: {counted(len(hospitals), 'hospital')} ({listed(hospitals)}) trained one model together "
        f"({architecture_of(run.meta)}, {formats.strategy(run.strategy)}, {counted(len(run.rounds), 'round')}; "
        f"{slices}; finished {formats.when(text(run.meta.get('trained_at')))}). It names a brain MRI slice as one of "
        f"{listed([theme.class_title(name).lower() for name in CLASSES])}."
    ]
    if best is not None:
        slices = f"On all {formats.whole(best.n_test)} test slices together"
        lines.append(f"{slices} {run.measured_with or 'it'} is right for {formats.share(best.accuracy)}.")
        known = [(row.recall.value, row) for row in best.classes if row.recall.value is not None]
        if known:
            _, row = min(known, key=lambda pair: pair[0])
            lines.append(
                f"It misses {theme.class_title(row.name).lower()} most often: it finds {formats.share(row.recall)}."
            )
    return " ".join(lines)


def _banners(run: Run, gains: Gains) -> list[Flowable]:
    told = [*([SYNTHETIC_RUN] if run.synthetic or gains.synthetic else []), *([run.notice] if run.notice else [])]
    return [part for banner in told for part in (Spacer(1, 1 * mm), style.loud(banner, style.PURPLE))]


def _figures(run: Run, gains: Gains, names: dict[str, str]) -> Flowable:
    sent = what_left.sent(run)
    rows = [
        (
            names.get(row.hospital, style.printable(row.hospital)),
            formats.share(row.own),
            formats.share(row.shared),
            formats.whole(row.cases),
            formats.size(sent.get(row.hospital)),
        )
        for row in gains.rows
    ]
    head = ("Hospital", "Own model", "Shared model", "Test slices", "Sent in all rounds")
    return table(head, rows, (0.28, 0.2, 0.2, 0.13, 0.19))


def _left(run: Run) -> str:
    said = "; ".join(what_left.kinds(run))
    return f"{said[0].upper()}{said[1:]}. {what_left.NO_PICTURES}"


def _doubts(run: Run, names: dict[str, str]) -> list[Flowable]:
    """Return the first reasons to distrust the figures; that the slices are drawn is said above already."""
    tested = [found for found in (results.overall_result(run),) if found is not None]
    found = [each.sentence for each in caveats.remarks(run, tested) if each.sound is False]
    said = [_renamed(sentence, names) for sentence in found if "SYNTHETIC" not in sentence][:_MOST_DOUBTS]
    return [paragraph("Reasons for doubt", "heading"), *(paragraph(each, "cell") for each in said)] if said else []


def _renamed(sentence: str, names: dict[str, str]) -> str:
    for name, shown in names.items():
        sentence = sentence.replace(name, shown)
    return sentence
