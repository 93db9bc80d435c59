"""Composes the command that starts a run; starting it from the page is off unless the operator switched it on."""

import streamlit as st

from common.config.strategies import STRATEGIES
from common.errors import ProjectError
from dashboard.charts import formats, theme
from dashboard.components import parts
from dashboard.data import cached, launch

_STRATEGIES = "  \n".join(f"**{about.title}** {about.does}" for about in STRATEGIES.values())


def draw() -> None:
    """Draw the form, the command and, where allowed, the button."""
    form = st.expander("Start a run", icon=":material/play_circle:", key="start_form", on_change="rerun")
    if not form.open:  # its dozen fields take a while to draw
        return
    with form:
        st.caption("What stays empty follows the experiment, or the default in conf/.")
        try:
            overrides = launch.overrides(
                _choices(),
                st.text_area("Further settings, one a line", placeholder="train.schedule=constant", key="start_more"),
            )
        except ProjectError as error:
            st.error(theme.markdown(error.sentence), icon=":material/error:")
            return
        st.code(launch.shell(overrides), language="bash", wrap_lines=True)
        _button(overrides)


def _choices() -> dict[str, object]:
    """Draw one field per setting that is changed often; return what was filled in."""
    options = launch.choices()
    left, middle, right = st.columns(3)
    return {
        "experiment": left.selectbox(
            "Experiment", options.experiments, index=None, placeholder="none", key="start_experiment"
        ),
        "strategy": middle.selectbox(
            "Strategy",
            options.strategies,
            index=None,
            placeholder="FedAvg",
            format_func=formats.strategy,
            help=_STRATEGIES,
            key="start_strategy",
        ),
        "hospitals": right.multiselect(
            "Hospitals", options.hospitals, placeholder="as configured", key="start_hospitals"
        ),
        "rounds": left.number_input("Rounds", 1, 10_000, None, key="start_rounds"),
        "train.local_epochs": middle.number_input("Local epochs", 1, 100, None, key="start_epochs"),
        "train.lr": right.text_input("Learning rate", placeholder="1e-4", key="start_lr"),
        "train.batch_size": left.number_input("Batch size", 1, 4096, None, key="start_batch"),
        "data.image_size": middle.number_input("Image size (pixels)", 32, 1024, None, key="start_size"),
        "seed": right.number_input("Seed", 0, 2**31 - 1, None, key="start_seed"),
        "data.root": left.text_input("Folder of the hospitals' folders", placeholder="dataset", key="start_root"),
        "compute.engine": middle.selectbox(
            "Engine", ("ray", "inprocess"), index=None, placeholder="ray", key="start_engine"
        ),
    }


def _button(overrides: list[str]) -> None:
    if not parts.may_write("Starting"):
        return
    if st.button("Start this run", icon=":material/play_arrow:", type="primary", key="start_now"):
        try:
            launch.start(overrides, cached.settings().output_dir)
        except ProjectError as error:
            st.error(theme.markdown(error.sentence), icon=":material/error:")
            return
        st.success("Started. The run appears in the sidebar as soon as it has its number.", icon=":material/check:")
