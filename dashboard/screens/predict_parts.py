"""The pieces of the Predict page: which model answers, the slice with its heat, the answer, the checks."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import streamlit as st

from common.labels import CLASSES
from dashboard.charts import formats
from dashboard.charts.predict import probability_bars
from dashboard.charts.theme import class_title, markdown
from dashboard.components import parts
from dashboard.model.image_checks import Check
from dashboard.model.inference import ModelCard
from dashboard.model.overlay import fit, overlay
from dashboard.reports.prediction import (
    NOT_AN_OUTLINE,
    SYNTHETIC_MODEL,
    Answer,
    calibration_sentence,
    model_lines,
    prediction_pdf,
)

SHOWN_PIXELS = 640


def model_line(card: ModelCard) -> None:
    """Say which model answers, and loudly if it has seen drawn slices only."""
    where = f"**{markdown(card.run_id)}**" if card.run_id else "a run that is not recorded"
    rounds = f", round {card.round}" if card.round else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge("In service", icon=":material/deployed_code:", color="blue")
        st.markdown(f"{where}{rounds} · SHA-256 `{card.sha256[:12]}`", width="stretch")
    if card.synthetic:
        st.warning(f"**{SYNTHETIC_MODEL}**", icon=":material/science:")
    if card.notice:
        st.warning(markdown(card.notice), icon=":material/warning:")
    if not card.verified:
        st.info(
            "models/model_meta.json records no SHA-256, so nobody can tell whether these weights belong to it.",
            icon=":material/help:",
        )


def pictures(answer: Answer) -> None:
    """Draw the slice beside the slice with its heat."""
    shown = fit(answer.picture, SHOWN_PIXELS)
    likeliest = class_title(answer.prediction.likeliest)
    left, right = st.columns(2, gap="small")
    size = f"{answer.picture.width} x {answer.picture.height} px"
    left.image(shown, caption=f"The slice · {answer.kind}, {size}", width="stretch", alt="The uploaded slice")
    heated = overlay(shown, answer.prediction.heat, answer.strength)
    right.image(
        heated, caption=f"Grad-CAM for {likeliest}", width="stretch", alt=f"The slice with heat for {likeliest}"
    )
    st.caption(NOT_AN_OUTLINE)


def verdict(answer: Answer) -> None:
    """Draw the answer, how sure it is, and the probabilities."""
    prediction = answer.prediction
    call = prediction.call(answer.threshold)
    st.subheader(class_title(call) if call else "No call", anchor=False)
    if call:
        st.badge("At or above the threshold", icon=":material/check:", color="blue")
    else:
        st.badge("Below the threshold", icon=":material/do_not_disturb_on:", color="orange")
        st.caption(f"{class_title(prediction.likeliest)} is likeliest, and not likely enough to be named.")
    parts.metrics(
        [
            ("Confidence", formats.percent(prediction.confidence), {"help": "The highest of the four probabilities."}),
            (
                "Margin to 2nd",
                f"{prediction.margin * 100:.1f} pp",
                {"help": "Its distance to the second, in percentage points."},
            ),
        ]
    )
    words = ", ".join(
        f"{class_title(name)} {formats.percent(float(value))}"
        for name, value in zip(CLASSES, prediction.probabilities, strict=True)
    )
    figure = probability_bars(prediction.probabilities, answer.threshold, parts.colours())
    parts.plot(figure, key="probabilities", alt=f"Probabilities: {words}.")
    st.caption(calibration_sentence(answer.card))


def checks(found: tuple[Check, ...], notes: tuple[str, ...]) -> None:
    """Draw what was found about the image; what is unlike the slices of training comes with a sentence."""
    lines = [f":material/info: {markdown(note)}" for note in notes]
    for check in found:
        icon = ":material/check_circle:" if check.passed else ":material/warning:"
        rest = f": {markdown(check.sentence)}" if check.sentence else ""
        lines.append(f"{icon} **{check.name}** {markdown(check.value)}{rest}")
    st.markdown("  \n".join(lines))
    if not all(check.passed for check in found):
        st.caption("The model answers anyway, but it was not trained on images like this one.")


def model_card(card: ModelCard) -> None:
    """Draw everything that is recorded about the model."""
    st.markdown("\n".join(f"- **{name}**: {markdown(value)}" for name, value in model_lines(card)))


def download(answer: Answer) -> None:
    """Draw the button whose document is made when it is pressed."""
    st.download_button(
        "Download as PDF",
        data=partial(_pdf, answer),
        file_name=f"slice-{answer.content_sha256[:8]}.pdf",
        mime="application/pdf",
        icon=":material/picture_as_pdf:",
        on_click="ignore",
        key="prediction_pdf",
    )


def _pdf(answer: Answer) -> bytes:
    return prediction_pdf(answer, datetime.now().astimezone())
