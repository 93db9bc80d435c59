"""Composes the command that starts a run; starting it from the page is off unless the operator switched it on."""

import streamlit as st

from common.config.strategies import STRATEGIES
from common.errors import ProjectError
from common.text import command_line, listed
from dashboard.charts import formats, theme
from dashboard.components import parts
from dashboard.components.begin import starting
from dashboard.data import cached
from dashboard.data.begin import launch

DEMO = "demo"
_STRATEGIES = "  \n".join(f"**{about.title}** {about.does}" for about in STRATEGIES.values())


def draw(*, unfolded: bool = False) -> None:
    """Draw the form, the command and, where allowed, the button."""
    title, icon = "Start a run", ":material/play_circle:"
    form = st.expander(title, unfolded, icon=icon, key="start_form", on_change="rerun")
    if not form.open:  # its dozen fields take a while to draw
        return
    with form:
        st.caption("What stays empty follows the experiment, or the default in conf/.")
        try:
            overrides = launch.overrides(
                _choices(unfolded),
                st.text_area("Further settings, one a line", placeholder="train.schedule=constant", key="start_more"),
            )
        except ProjectError as error:
            st.error(theme.markdown(error.sentence), icon=":material/error:")
            return
        gone = _missing(tuple(overrides))
        if gone:
            _say_missing(gone)
        output_dir = cached.settings().output_dir
        st.code(launch.shell(overrides, output_dir), language="bash", wrap_lines=True)
        _button(overrides, disabled=gone is not None)


@st.cache_data(ttl=2, max_entries=16, show_spinner=False)
def _missing(overrides: tuple[str, ...]) -> launch.Missing | None:
    return launch.missing_hospitals(list(overrides))


def _say_missing(gone: launch.Missing) -> None:
    """Say which hospitals have no slices yet, and how to draw those that a program draws."""
    names, folder = theme.markdown(listed(gone.names)), theme.markdown(gone.root)
    if not gone.phantoms:
        st.warning(f"No slices of {names} in {folder}. Choose another folder, or the experiment demo.")
        return
    st.info(f"{names}: not drawn yet. They are synthetic, and a program draws them in about a minute.")
    command = ["-m", "common.phantoms", "--out", gone.root]
    parts.to_paste(command_line("python", *command))
    if parts.may_write("Drawing them") and st.button("Draw them", icon=":material/brush:", key="draw_phantoms"):
        with st.spinner("Drawing three synthetic hospitals ..."):
            try:
                launch.draw_phantoms(gone.root)
            except ProjectError as error:
                st.error(theme.markdown(error.sentence), icon=":material/error:")
                return
        _missing.clear()
        st.rerun()


def _choices(first_run: bool) -> dict[str, object]:
    """Draw one field per setting that is changed often; return what was filled in."""
    options = launch.choices()
    if first_run and "start_experiment" not in st.session_state and DEMO in options.experiments and _missing(()):
        st.session_state["start_experiment"] = DEMO  # whoever has no slices yet begins with synthetic ones
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


def _button(overrides: list[str], *, disabled: bool) -> None:
    if not parts.may_write("Starting"):
        return
    label, icon = "Start this run", ":material/play_arrow:"
    if st.button(label, icon=icon, type="primary", key="start_now", disabled=disabled):
        try:
            launch.start(overrides, cached.settings().output_dir)
        except ProjectError as error:
            st.error(theme.markdown(error.sentence), icon=":material/error:")
            return
        starting.await_number()
