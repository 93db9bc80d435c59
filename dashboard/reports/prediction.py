"""One page about one answer: the slice, where the evidence lay, the probabilities, and which model said so.

Neither the file's name nor anything of a DICOM header is printed: both may hold a patient's name. The slice is known by
the first half of its file's SHA-256.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from PIL import Image as Pictures
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Image, Spacer, Table

from common.labels import CLASSES
from common.model import heatmap
from dashboard.charts import formats, theme
from dashboard.model import image_checks, inference
from dashboard.reports import style

NOT_AN_OUTLINE = (
    "The heat shows where the last convolution drew its evidence from, on a coarse grid. It does not outline anything, "
    "and a wrong answer has heat as well."
)
SYNTHETIC_MODEL = "SYNTHETIC: this model was trained on drawn slices. Its answer says nothing about a patient."
_PICTURE = 54 * mm
_PIXELS = 512


@dataclass(frozen=True)
class Answer:
    """Everything that the page and the document show about one answer."""

    picture: Pictures.Image
    """The slice, RGB."""
    content_sha256: str
    """Of the uploaded file."""
    kind: str
    """``"PNG"``, ``"JPEG"``, ``"DICOM"`` or ``"NIfTI"``."""
    notes: tuple[str, ...]
    """What reading it needed."""
    checks: tuple[image_checks.Check, ...]
    prediction: inference.Prediction
    threshold: float
    """Fraction below which there is no call."""
    strength: float
    """Of the heat, 0 to 1."""
    card: inference.ModelCard


def sha256(content: bytes) -> str:
    """Return the SHA-256 by which the document knows an upload."""
    return hashlib.sha256(content).hexdigest()


def verdict(answer: Answer) -> str:
    """Return the answer in one sentence."""
    prediction = answer.prediction
    likeliest, confidence = theme.class_title(prediction.likeliest), formats.percent(prediction.confidence)
    if prediction.call(answer.threshold) is None:
        return f"No call: the likeliest class, {likeliest}, has {confidence}, below {answer.threshold * 100:.0f} %."
    return f"{likeliest}, {confidence}."


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


def prediction_pdf(answer: Answer, at: datetime, *, compress: bool = True) -> bytes:
    """Return the document, made at a time with a zone; `compress=False` leaves its text readable, for tests."""
    story: list[Flowable] = [style.paragraph("One slice, one answer", "title"), style.loud(style.RESEARCH_ONLY)]
    if answer.card.synthetic:
        story += [Spacer(1, 2 * mm), style.loud(SYNTHETIC_MODEL, style.PURPLE)]
    if answer.card.notice:
        story += [Spacer(1, 2 * mm), style.loud(answer.card.notice, style.PURPLE)]
    story += [Spacer(1, 3 * mm), style.paragraph(verdict(answer), "large")]
    margin = f"Margin to the second class: {answer.prediction.margin * 100:.1f} points."
    story += [style.paragraph(f"{margin} {calibration_sentence(answer.card)}"), Spacer(1, 3 * mm)]
    titles, values = [theme.class_title(name) for name in CLASSES], [float(v) for v in answer.prediction.probabilities]
    story += [style.bars(titles, values, answer.threshold), Spacer(1, 3 * mm), _pictures(answer)]
    story += [style.paragraph(NOT_AN_OUTLINE, "small"), style.paragraph("The slice", "heading")]
    story += [style.paragraph(f"{answer.kind}, SHA-256 {answer.content_sha256[:32]}…; read {at:%Y-%m-%d %H:%M %Z}.")]
    story += [style.paragraph(note) for note in answer.notes]
    rows = [(check.name, check.value, "as in training" if check.passed else check.sentence) for check in answer.checks]
    story += [style.table(("Check", "Found", "What to make of it"), rows, (0.2, 0.25, 0.55))]
    story += [style.paragraph("The model", "heading"), style.table(None, model_lines(answer.card), (0.25, 0.75))]
    return style.render("One slice, one answer", story, compress=compress)


def calibration_sentence(card: inference.ModelCard) -> str:
    """Say how far the probabilities are from the share correct, and what the temperature does to that."""
    return card.calibration or "Whether the stated confidence is honest was not recorded for this model."


def _pictures(answer: Answer) -> Flowable:
    small = heatmap.fit(answer.picture, _PIXELS)
    heated = heatmap.overlay(small, answer.prediction.heat, answer.strength)
    caption = f"Heat for {theme.class_title(answer.prediction.likeliest)} at strength {answer.strength:.2f}"
    cells = [
        [_image(small), _image(heated)],
        [style.paragraph("The slice", "small"), style.paragraph(caption, "small")],
    ]
    found = Table(cells, colWidths=[_PICTURE + 6 * mm] * 2, hAlign="LEFT")
    found.setStyle([("LEFTPADDING", (0, 0), (-1, -1), 0), ("TOPPADDING", (0, 1), (-1, 1), 0)])
    return found


def _image(picture: Pictures.Image) -> Image:
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    buffer.seek(0)
    scale = _PICTURE / max(picture.size)
    return Image(buffer, width=picture.width * scale, height=picture.height * scale)
