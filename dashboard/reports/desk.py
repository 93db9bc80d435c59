"""All slices of a desk, to take away: a table (CSV) and a document (PDF). Nothing of it stays on the server.

A slice is known by its number on the desk, DICOM's own number, and the beginning of its file's SHA-256: names of files
and what a DICOM header says of the patient are in neither.
"""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO

import pandas as pd
from PIL import Image as Pictures
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer, Table

from common.labels import CLASSES
from dashboard.charts import formats, theme
from dashboard.data import agreement
from dashboard.data.comparison import csv
from dashboard.model import reading
from dashboard.model.desk import Case, Desk
from dashboard.reports import prediction, style

PREFIX = 12
"""Signs of a file's SHA-256 that are shown."""
_THUMB = 16 * mm
_WIDTHS = (0.12, 0.16, 0.3, 0.14, 0.14, 0.14)


def desk_csv(desk: Desk, threshold: float) -> bytes:
    """Write a line for each slice, in the order of their numbers."""
    return csv(pd.DataFrame([_line(desk, case, threshold) for case in desk.cases]))


def agreement_of(desk: Desk, threshold: float) -> agreement.Agreement:
    """Compare the reader's labels with the classes that the model named."""
    labelled = [case for case in desk.cases if case.number in desk.labels]
    return agreement.agreement([(desk.labels[case.number], case.prediction.call(threshold)) for case in labelled])


def desk_pdf(desk: Desk, order: str, threshold: float, at: datetime, *, compress: bool = True) -> bytes:
    """Return a summary and a table with a thumbnail of each slice, made at a time with a zone."""
    story = [style.paragraph("A reading of slices", "title"), *prediction.warnings(desk.card)]
    story += [style.paragraph(reading.verdict(desk.cases, threshold), "large")]
    story += [style.paragraph(f"No class is named below {threshold * 100:.0f} %. {at:%Y-%m-%d %H:%M %Z}.")]
    story += [style.paragraph(prediction.calibration_sentence(desk.card))]
    story += [style.paragraph(sentence) for sentence in (*desk.said, *desk.notices())]
    story += [style.paragraph("The reader and the model", "heading"), *_agreement(desk, threshold)]
    story += [style.paragraph("The model", "heading")]
    story += [style.table(None, prediction.model_lines(desk.card), (0.25, 0.75))]
    story += [style.paragraph(f"The slices: {order[0].lower()}{order[1:]}", "heading")]
    story += [_slices(desk, reading.ordered(desk.cases, order, desk.labels), threshold)]
    return style.render("A reading of slices", story, compress=compress)


def confusion_rows(found: agreement.Agreement) -> tuple[list[str], list[list[str]]]:
    """Return a head and a row for each class of the reader's: how often the model named which."""
    titles = [theme.class_title(name) for name in CLASSES]
    rows = [
        [title, *(f"{count:,}" for count in counts), f"{unnamed:,}"]
        for title, counts, unnamed in zip(titles, found.confusion, found.unnamed, strict=True)
    ]
    return ["You \\ model", *titles, "No class"], rows


def _agreement(desk: Desk, threshold: float) -> list[Flowable]:
    if not desk.labels:
        return [style.paragraph("No slice was labelled.")]
    found = agreement_of(desk, threshold)
    head, rows = confusion_rows(found)
    said = f"{agreement.sentences(found)} {agreement.INDEPENDENT}"
    return [style.paragraph(said), Spacer(1, 2 * mm), style.table(head, rows, (0.2,) + (0.16,) * 5)]


def _slices(desk: Desk, cases: Sequence[Case], threshold: float) -> Flowable:
    head = ("Slice", "", "The model", "Probability", "Your label", "File")
    rows = [[style.paragraph(text, "head") for text in head]]
    for case in cases:
        found = case.prediction
        number = f"{case.number}" + (f" (instance {case.instance})" if case.instance is not None else "")
        texts = (
            reading.answer(case, threshold),
            formats.MISSING if found.unfamiliar else formats.percent(found.confidence),
            theme.class_title(desk.labels[case.number]) if case.number in desk.labels else formats.MISSING,
            case.sha256[:PREFIX],
        )
        picture = prediction.image(Pictures.open(BytesIO(case.thumb)), _THUMB)
        rows.append([style.paragraph(number, "cell"), picture, *(style.paragraph(text, "cell") for text in texts)])
    table = Table(rows, colWidths=[share * style.WIDTH for share in _WIDTHS], repeatRows=1)
    whole = (0, 0), (-1, -1)
    table.setStyle([("LINEBELOW", *whole, 0.3, style.GRID), ("VALIGN", *whole, "MIDDLE"), ("LEFTPADDING", *whole, 0)])
    return table


def _line(desk: Desk, case: Case, threshold: float) -> dict[str, object]:
    found, familiar = case.prediction, case.prediction.familiarity
    answered = [None if found.unfamiliar else round(float(value), 6) for value in found.probabilities]
    return {
        "slice": case.number,
        "instance_number": case.instance,
        "number_in_file": case.frame,
        "file": f"sha256:{case.sha256[:PREFIX]}",  # twelve digits alone a spreadsheet would take for a number
        "model_says": found.call(threshold) or ("unfamiliar" if found.unfamiliar else "unsure"),
        **{f"probability_{name}": value for name, value in zip(CLASSES, answered, strict=True)},
        "threshold": threshold,
        "distance": None if familiar is None else familiar.distance,
        "distance_limit": None if familiar is None else familiar.threshold,
        "your_label": desk.labels.get(case.number),
        "model_run": desk.card.run_id,
        "model_round": desk.card.round,
        "model_sha256": desk.card.sha256,
        "model_synthetic": desk.card.synthetic,
    }
