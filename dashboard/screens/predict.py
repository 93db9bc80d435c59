"""Predict: one slice, the answer of the model in service, and what to make of it."""

from datetime import datetime
from functools import partial

import streamlit as st

from common.errors import InputError
from common.labels import CLASSES
from common.model import heatmap
from dashboard.charts import analytics, formats, theme
from dashboard.components import chosen_run, parts
from dashboard.data import cached, promotion
from dashboard.model import image_checks, in_service, inference, upload
from dashboard.reports import prediction

SHOWN_PIXELS = 640


def draw() -> None:
    """Draw the page."""
    parts.header("Predict")
    model = _model()
    _model_line(model.card)
    answer = _ask(model)
    left, right = st.columns([1.15, 1], gap="medium")
    with left:
        with parts.card("Where the evidence lay"):
            _pictures(answer)
        with parts.card("Is this image like the slices of training?"):
            _checks(answer)
    with right:
        with st.container(border=True):
            _verdict(answer)
        with parts.card("Which model said so"):
            lines = prediction.model_lines(answer.card)
            st.markdown("\n".join(f"- **{name}**: {theme.markdown(value)}" for name, value in lines))
            name = f"slice-{answer.content_sha256[:8]}.pdf"
            parts.download("Download as PDF", partial(_pdf, answer), name, key="prediction_pdf")


def _model() -> inference.Answerer:
    """Return the model in service; end the page with an empty state if there is none."""
    try:
        return in_service.answerer(cached.settings().output_dir)
    except InputError as error:
        runs = cached.runs(cached.run_ids()[: chosen_run.AT_ONCE]).values()
        advice, command = promotion.advice(runs, cached.settings().output_dir)
        said = f"No model can answer, so there is no prediction. {error.sentence} {advice}"
        parts.empty(theme.markdown(said), command)
        st.stop()


def _ask(model: inference.Answerer) -> prediction.Answer:
    """Draw the upload and the two sliders, and ask the model; end the page without a slice that can be used."""
    with st.container(border=True):
        left, right = st.columns([1.3, 1], gap="medium")
        file = left.file_uploader(
            "MRI slice: PNG, JPEG, DICOM or NIfTI",
            key="slice",
            help="The file stays on this server, in memory, until you leave the page. Its name is not kept.",
        )
        threshold = right.slider("No call below (%)", 30, 99, 70, key="threshold") / 100
        strength = right.slider("Strength of the heat", 0.0, 1.0, 0.55, 0.05, key="strength")
    if file is None:
        st.info("Upload one slice to ask the model in service.", icon=":material/upload_file:")
        st.stop()
    try:
        given = in_service.uploaded(file.file_id, file.name, file.getvalue())
    except upload.RefusedUpload as error:
        st.error(theme.markdown(error.sentence), icon=":material/block:")
        st.stop()
    return prediction.Answer(
        picture=given.image,
        content_sha256=prediction.sha256(file.getvalue()),
        kind=given.kind,
        notes=given.notes,
        checks=image_checks.check_image(given.image, model.card.image_size),
        prediction=in_service.prediction(file.file_id, model, given),
        threshold=threshold,
        strength=strength,
        card=model.card,
    )


def _model_line(card: inference.ModelCard) -> None:
    """Say which model answers, and loudly if it has seen drawn slices only."""
    where = f"**{theme.markdown(card.run_id)}**" if card.run_id else "a run that is not recorded"
    number = f", round {card.round}" if card.round else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge("In service", icon=":material/deployed_code:", color="blue")
        st.markdown(f"{where}{number} · SHA-256 `{card.sha256[:12]}`", width="stretch")
    if card.synthetic:
        st.warning(f"**{prediction.SYNTHETIC_MODEL}**", icon=":material/science:")
    if card.notice:
        st.warning(theme.markdown(card.notice), icon=":material/warning:")
    if not card.verified:
        st.info(
            "models/model_meta.json records no SHA-256, so nobody can tell whether these weights belong to it.",
            icon=":material/help:",
        )


def _pictures(answer: prediction.Answer) -> None:
    """Draw the slice beside the slice with its heat."""
    shown = heatmap.fit(answer.picture, SHOWN_PIXELS)
    likeliest = theme.class_title(answer.prediction.likeliest)
    left, right = st.columns(2, gap="small")
    caption = f"The slice · {answer.kind}, {answer.picture.width} x {answer.picture.height} px"
    left.image(shown, caption=caption, width="stretch", alt="The uploaded slice")
    heated = heatmap.overlay(shown, answer.prediction.heat, answer.strength)
    caption = f"Grad-CAM for {likeliest}"
    right.image(heated, caption=caption, width="stretch", alt=f"The slice with heat for {likeliest}")
    st.caption(prediction.NOT_AN_OUTLINE)


def _verdict(answer: prediction.Answer) -> None:
    """Draw the answer, how sure it is, and the probabilities."""
    found = answer.prediction
    call = found.call(answer.threshold)
    st.subheader(theme.class_title(call) if call else "No call", anchor=False)
    if call:
        st.badge("At or above the threshold", icon=":material/check:", color="blue")
    else:
        st.badge("Below the threshold", icon=":material/do_not_disturb_on:", color="orange")
        st.caption(f"{theme.class_title(found.likeliest)} is likeliest, and not likely enough to be named.")
    confidence, margin = formats.percent(found.confidence), f"{found.margin * 100:.1f} pp"
    parts.metrics(
        [
            parts.Metric("Confidence", confidence, help="The highest of the four probabilities."),
            parts.Metric("Margin to 2nd", margin, help="Its distance to the second, in percentage points."),
        ]
    )
    words = ", ".join(
        f"{theme.class_title(name)} {formats.percent(float(value))}"
        for name, value in zip(CLASSES, found.probabilities, strict=True)
    )
    figure = analytics.probability_bars(found.probabilities, answer.threshold, parts.colours())
    parts.plot(figure, key="probabilities", alt=f"Probabilities: {words}.")
    st.caption(prediction.calibration_sentence(answer.card))


def _checks(answer: prediction.Answer) -> None:
    """Draw what was found about the image; what is unlike the slices of training comes with a sentence."""
    lines = [f":material/info: {theme.markdown(note)}" for note in answer.notes]
    for check in answer.checks:
        icon = ":material/check_circle:" if check.passed else ":material/warning:"
        rest = f": {theme.markdown(check.sentence)}" if check.sentence else ""
        lines.append(f"{icon} **{check.name}** {theme.markdown(check.value)}{rest}")
    st.markdown("  \n".join(lines))
    if not all(check.passed for check in answer.checks):
        st.caption("The model answers anyway, but it was not trained on images like this one.")


def _pdf(answer: prediction.Answer) -> bytes:
    return prediction.prediction_pdf(answer, datetime.now().astimezone())


if __name__ == "__main__":
    draw()
