"""One slice large: the picture beside its heat, the answer, and whether the image is like those of training."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from common.labels import CLASSES
from common.model import heatmap
from dashboard.charts import analytics, formats, theme
from dashboard.components import parts
from dashboard.model import familiarity, head, reading
from dashboard.reports import prediction

_PIXELS = 640
_STRENGTH = "strength"


def pictures(answer: prediction.Answer) -> prediction.Answer:
    """Draw the slice beside the slice with its heat, and what the colours mean; return it with the strength chosen."""
    case = answer.case
    strength = st.session_state.get(_STRENGTH, answer.strength)
    answer = replace(answer, strength=strength)
    shown, heated = answer.pictures(_PIXELS)
    left, right = st.columns(2, gap="small")
    caption = f"{case.title} · {case.kind}, {case.size[0]} x {case.size[1]} px"
    left.image(shown, caption=caption, width="stretch", alt=case.title)
    if heated is None:
        right.info("No heat: there is no answer that it could explain.", icon=":material/help:")
        return answer
    likeliest = theme.class_title(case.prediction.likeliest)
    alt = f"The slice with heat for {likeliest}"
    right.image(heated, caption=f"Grad-CAM for {likeliest}", width="stretch", alt=alt)
    right.html(_scale())
    if answer.heat_words.startswith(head.OUTSIDE):
        st.warning(head.OUTSIDE, icon=":material/warning:")
    st.caption(answer.heat_words.removeprefix(head.OUTSIDE))
    st.slider("Strength of the heat", 0.0, 1.0, strength, 0.05, key=_STRENGTH)
    return answer


def verdict(answer: prediction.Answer, label: Callable[[], None]) -> None:
    """Draw the answer, the reader's `label`, and the probabilities; nothing of these where there is no answer."""
    case, found = answer.case, answer.case.prediction
    call = found.call(answer.threshold)
    st.subheader(reading.answer(case, answer.threshold), anchor=False)
    if found.unfamiliar:
        st.badge("No answer", icon=":material/do_not_disturb_on:", color="orange")
        label()
        return
    if call:
        st.badge("At or above the threshold", icon=":material/check:", color="blue")
    else:
        st.badge("Below the threshold", icon=":material/do_not_disturb_on:", color="orange")
        st.caption(f"{theme.class_title(found.likeliest)} is likeliest, and not likely enough to be named.")
    label()
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


def likeness(answer: prediction.Answer) -> None:
    """Say how far the image is from the slices of training, and draw what else was found about it."""
    found = answer.case.prediction.familiarity
    icon = {None: "help", True: "warning", False: "check_circle"}[None if found is None else found.unfamiliar]
    lines = [f":material/{icon}: {theme.markdown(familiarity.sentence(found))}"]
    lines += [f":material/info: {theme.markdown(note)}" for note in answer.case.notes]
    for check in answer.case.checks:
        icon = ":material/info:" if check.passed else ":material/warning:"
        rest = f": {theme.markdown(check.sentence)}" if check.sentence else ""
        lines.append(f"{icon} **{check.name}** {theme.markdown(check.value)}{rest}")
    st.markdown("  \n".join(lines))


def model(answer: prediction.Answer) -> None:
    """Draw what is known of the model."""
    lines = prediction.model_lines(answer.card)
    st.markdown("\n".join(f"- **{name}**: {theme.markdown(value)}" for name, value in lines))


def _scale() -> str:
    """Return a bar of the heat's colours between two words, as HTML; none of it comes from anybody."""
    colours = ", ".join("#" + bytes(colour).hex() for colour in heatmap.scale_colours(9))
    row = "display:flex;align-items:center;gap:.5rem;font-size:.8rem"
    bar = f"flex:1;height:.6rem;border-radius:.3rem;background:linear-gradient(to right,{colours})"
    words = "Scale of the heat: from little evidence to much, within this slice"
    return (
        f'<div role="img" aria-label="{words}" style="{row}">'
        f'<span>little</span><span style="{bar}"></span><span>much evidence</span></div>'
    )
