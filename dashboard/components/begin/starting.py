"""A run that was started from the page, until it has its number: then it is the run that is shown."""

import streamlit as st

from dashboard.charts import theme
from dashboard.data import cached
from dashboard.data.begin import starting
from dashboard.settings import LIVE_SECONDS

AWAITED = "start_awaited"
DISMISSED = "start_dismissed"
FAILED_SECONDS = 600.0  # for how long other visitors are told of a start that failed


def await_number() -> None:
    """Let this visitor see the run as soon as it has its number."""
    st.session_state[AWAITED] = True
    st.rerun()


def begun() -> str | None:
    """Return the number of the run that this visitor waits for, once, as soon as it has one."""
    if not st.session_state.get(AWAITED):
        return None
    found = starting.look(cached.settings().output_dir)
    if found and found.state == "starting":
        return None
    if found is None or found.state == "begun":
        del st.session_state[AWAITED]
    return found.run_id if found else None


def badge() -> None:
    """Say beside the picker that a run is on its way."""
    found = starting.look(cached.settings().output_dir)
    if found and found.state == "starting":
        st.badge("Starting", icon=":material/progress_activity:", color="blue")


def draw() -> None:
    """Show the run that is starting, or the sentence with which it ended instead."""
    found = starting.look(cached.settings().output_dir)
    if found and found.state == "starting":
        _watch(found.process.pid)
    elif found and found.state == "failed" and _wanted(found):
        with st.container(border=True):
            st.error(f"The run did not start: {theme.markdown(found.said)}", icon=":material/error:")
            st.button("Dismiss", key="start_dismiss", on_click=_dismiss, args=(found,))


def _wanted(found: starting.Starting) -> bool:
    if st.session_state.get(DISMISSED) == found.process:
        return False
    age = starting.age_seconds(found)
    return bool(st.session_state.get(AWAITED)) or (age is not None and age < FAILED_SECONDS)


def _dismiss(found: starting.Starting) -> None:
    st.session_state[DISMISSED] = found.process
    st.session_state.pop(AWAITED, None)


@st.fragment(run_every=LIVE_SECONDS)
def _watch(pid: int) -> None:
    found = starting.look(cached.settings().output_dir)
    if found is None or found.state != "starting" or found.process.pid != pid:
        st.rerun()
    seconds = starting.age_seconds(found)
    with st.container(border=True):
        ago = f", {seconds:.0f} s ago" if seconds is not None else ""
        st.markdown(f":material/progress_activity: **A run is starting**{ago}. The end of what it printed:")
        st.text(found.said or "Nothing so far; PyTorch and Flower take some seconds to load.")
