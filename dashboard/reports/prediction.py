"""One page about one answer: the slice, where the evidence lay, the probabilities, and which model said so.

Neither the file's name nor anything of a DICOM header is printed: both may hold a patient's name. The slice is known by
the first half of its file's SHA-256.
"""

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import numpy as np
from PIL import Image as Pictures
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Image, Spacer, Table

from common.labels import CLASSES
from common.model import heatmap
from dashboard.charts import formats, theme
from dashboard.model import familiarity, head, inference, reading
from dashboard.model.desk import Case
from dashboard.reports import style

NOT_AN_OUTLINE = (
    "The heat shows where in the head this answer's evidence lay, on a coarse grid and relative to this slice alone. "
    "It does not outline anything, and a wrong answer has heat as well."
)
SYNTHETIC_MODEL = "SYNTHETIC: this model was trained on drawn slices. Its answer says nothing about a patient."
_PICTURE = 46 * mm
_PIXELS = 512


@dataclass(frozen=True)
class Answer:
    """Everything that the page and the document show about one answer."""

    case: Case
    threshold: float
    """Fraction below which no class is named."""
    strength: float
    """Of the heat, 0 to 1."""
    card: inference.ModelCard

    def pictures(self, edge: int) -> tuple[Pictures.Image, Pictures.Image | None]:
        """Return the slice and the slice with its heat, at most `edge` pixels; no heat where there is no answer."""
        shown = heatmap.fit(self.case.image(), edge)
        if self.case.prediction.unfamiliar:
            return shown, None
        mask = head.head_mask(shown)
        return shown, heatmap.overlay(shown, self.case.prediction.heat, self.strength, mask)

    @property
    def heat_words(self) -> str:
        """What to make of the heat."""
        mask = head.head_mask(self.case.image())
        if mask is None:
            return f"{NOT_AN_OUTLINE} {head.NO_HEAD}"
        if head.avoids_head(self.case.prediction.heat, mask):
            return f"{head.OUTSIDE} {NOT_AN_OUTLINE}"
        return NOT_AN_OUTLINE


def model_lines(card: inference.ModelCard) -> list[tuple[str, str]]:
    """Return what is recorded about the model, as pairs of name and text."""
    checked = "agrees with model_meta.json" if card.verified else "no record to compare with"
    trained_on = {True: "SYNTHETIC slices", False: "hospitals' slices", None: "not recorded"}
    return [
        ("Run", f"{card.run_id or 'not recorded'}, round {formats.whole(card.round)}"),
        ("Trained", f"{formats.when(card.trained_at)}, on: {trained_on[card.synthetic]}"),
        ("Input", f"{card.image_size} x {card.image_size} pixels, aspect not kept"),
        ("Temperature", "none recorded" if card.temperature is None else f"{card.temperature:.3f}"),
        ("Weights' SHA-256", f"{card.sha256[:32]}… ({checked})"),
    ]


def warnings(card: inference.ModelCard) -> list[Flowable]:
    """Return what every document about this model's answers says first."""
    story: list[Flowable] = [style.loud(style.RESEARCH_ONLY)]
    if card.synthetic:
        story += [Spacer(1, 2 * mm), style.loud(SYNTHETIC_MODEL, style.PURPLE)]
    if card.notice:
        story += [Spacer(1, 2 * mm), style.loud(card.notice, style.PURPLE)]
    return [*story, Spacer(1, 3 * mm)]


def prediction_pdf(answer: Answer, at: datetime, *, compress: bool = True) -> bytes:
    """Return the document, made at a time with a zone; `compress=False` leaves its text readable, for tests."""
    case, card, found = answer.case, answer.card, answer.case.prediction
    story = [style.paragraph("One slice, one answer", "title"), *warnings(card)]
    story += [style.paragraph(reading.sentence(case, answer.threshold), "large")]
    if not found.unfamiliar:
        margin = f"Margin to the second class: {found.margin * 100:.1f} points."
        titles, values = [theme.class_title(name) for name in CLASSES], [float(v) for v in found.probabilities]
        story += [style.paragraph(f"{margin} {calibration_sentence(card)}"), Spacer(1, 3 * mm)]
        story += [style.bars(titles, values, answer.threshold), Spacer(1, 3 * mm)]
    story += [_pictures(answer)]
    story += [] if found.unfamiliar else [style.paragraph(answer.heat_words, "small")]
    story += [style.paragraph("The slice", "heading")]
    story += [style.paragraph(f"{case.kind}, SHA-256 {case.sha256[:32]}…; read {at:%Y-%m-%d %H:%M %Z}.")]
    story += [style.paragraph(familiarity.sentence(found.familiarity))]
    story += [style.paragraph(note) for note in case.notes]
    rows = [(check.name, check.value, "nothing to remark" if check.passed else check.sentence) for check in case.checks]
    story += [style.table(("Check", "Found", "What to make of it"), rows, (0.2, 0.25, 0.55))]
    story += [style.paragraph("The model", "heading"), style.table(None, model_lines(card), (0.25, 0.75))]
    return style.render("One slice, one answer", story, compress=compress)


def calibration_sentence(card: inference.ModelCard) -> str:
    """Say how far the probabilities are from the share correct, and what the temperature does to that."""
    return card.calibration or "Whether the stated confidence is honest was not recorded for this model."


def _pictures(answer: Answer) -> Flowable:
    shown, heated = answer.pictures(_PIXELS)
    caption = f"Heat for {theme.class_title(answer.case.prediction.likeliest)} at strength {answer.strength:.2f}"
    cells = [[image(shown, _PICTURE)], [style.paragraph(answer.case.title, "small")]]
    if heated is not None:
        scale = image(_scale(), _PICTURE)
        words = style.paragraph("Above: little evidence (left) to much (right), of this slice alone.", "small")
        cells[0].append(image(heated, _PICTURE))
        cells[1].append([scale, style.paragraph(caption, "small"), words])
    found = Table(cells, colWidths=[_PICTURE + 6 * mm] * len(cells[0]), hAlign="LEFT")
    whole = (0, 0), (-1, -1)
    found.setStyle([("LEFTPADDING", *whole, 0), ("TOPPADDING", (0, 1), (-1, 1), 2), ("VALIGN", *whole, "TOP")])
    return found


def _scale() -> Pictures.Image:
    return Pictures.fromarray(np.repeat(heatmap.scale_colours(256)[np.newaxis], 8, axis=0))


def image(picture: Pictures.Image, edge: float) -> Image:
    """Set a picture on a page, its longer side `edge` points."""
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    buffer.seek(0)
    scale = edge / max(picture.size)
    return Image(buffer, width=picture.width * scale, height=picture.height * scale)
