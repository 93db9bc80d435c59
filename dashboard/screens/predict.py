"""Predict, a reading desk: slices, the answers of the model in service, the reader's own, and what to make of them."""

import streamlit as st

from common.errors import InputError
from dashboard.charts import theme
from dashboard.components import chosen_run, parts, verdict
from dashboard.components.desk import grid, intake, labels, large
from dashboard.data import cached
from dashboard.data.service import promotion
from dashboard.model import in_service, inference, reading
from dashboard.model.desk import Desk
from dashboard.reports import prediction


def draw() -> None:
    """Draw the page."""
    parts.header("Predict")
    model = _model()
    desk = in_service.desk(model.card)
    _model_line(desk.card)
    top = st.container()
    with st.container(border=True):
        left, right = st.columns([1.3, 1], gap="medium")
        with left:
            if not intake.another_model(desk, model.card):
                intake.uploads(desk)
        with right:
            threshold = st.slider("Name no class below (%)", 30, 99, 70, key="threshold") / 100
            with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
                order = _order(desk)
                if desk.cases or desk.busy:
                    intake.clear()
    intake.progress(desk, model)
    intake.told(desk)
    if not desk.cases:
        st.info("Upload slices to ask the model in service.", icon=":material/upload_file:")
        return
    with top:
        unsure = any(case.prediction.call(threshold) is None for case in desk.cases)
        said = [reading.verdict(desk.cases, threshold)]
        verdict.verdict(said, "caution" if unsure else "fine", "Needs your eyes" if unsure else "Named")
    _desk(desk, order, threshold)


def _order(desk: Desk) -> str:
    """Draw the choice of the order where there is something to order."""
    if len(desk.cases) + desk.total - desk.done < 2:
        return reading.LEAST_SURE
    return st.selectbox("Order", reading.ORDERS, key="order", width=220)


def _desk(desk: Desk, order: str, threshold: float) -> None:
    """Draw the slices, the one that is shown large, and what reader and model say."""
    if len(desk.cases) > 1:
        with st.container(border=True):
            cases = reading.ordered(desk.cases, order, desk.labels)
            tiles = st.container()
            case = grid.choose(cases, threshold)
            with tiles:
                grid.draw(cases, desk, threshold, case.number)
    else:
        case = desk.cases[0]
    left, right = st.columns([1.15, 1], gap="medium")
    with left:
        with parts.card("Where the evidence lay"):
            answer = large.pictures(prediction.Answer(case, threshold, 0.55, desk.card))
        with parts.card("Is this image like the slices of training?"):
            large.likeness(answer)
    with right:
        with st.container(border=True):
            large.verdict(answer, lambda: labels.one(desk, case))
        with parts.card("You and the model"):
            labels.compared(desk, threshold)
            labels.table(desk, threshold)
            labels.downloads(desk, order, answer)
        with st.expander("Which model said so"):
            large.model(answer)


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


def _model_line(card: inference.ModelCard) -> None:
    """Say which model answers, and loudly if it has seen drawn slices only."""
    where = f"**{theme.markdown(card.run_id)}**" if card.run_id else "a run that is not recorded"
    number = f", round {card.round}" if card.round else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge("In service", icon=":material/deployed_code:", color="blue")
        st.markdown(
            f"{where}{number} answers here, whichever run other pages show · SHA-256 `{card.sha256[:12]}`",
            width="stretch",
        )
    if card.synthetic:
        st.warning(f"**{prediction.SYNTHETIC_MODEL}**", icon=":material/science:")
    if card.notice:
        st.warning(theme.markdown(card.notice), icon=":material/warning:")
    if not card.verified:
        st.info(
            "models/model_meta.json records no SHA-256, so nobody can tell whether these weights belong to it.",
            icon=":material/help:",
        )


if __name__ == "__main__":
    draw()
