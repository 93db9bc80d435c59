"""Stop a run, go on with one: buttons where the page may, and the command to copy in every case."""

import streamlit as st

from common.artifacts.schema import Run
from common.errors import ProjectError
from common.text import command_line
from dashboard.charts import theme
from dashboard.components import parts
from dashboard.components.begin import starting
from dashboard.data import cached, live
from dashboard.data.begin import launch

STOPPED = "stop_sent"


def draw(run: Run) -> None:
    """Draw what can be done with the run."""
    if run.state == "running":
        now = live.now_of(run)
        if now.kind != "dead":
            _stop(run, now)
            if now.kind != "silent":
                return
    elif run.state not in ("failed", "interrupted"):
        return
    words = launch.resumable(run)
    if words:
        _resume(run, words)


def _stop(run: Run, now: live.Now) -> None:
    asked = now.kind == "stopping" or st.session_state.get(STOPPED) == (run.run_id, now.live and now.live.process)
    if asked:
        st.caption(":material/hourglass_top: Stopping after this step.")
        return
    with st.popover("Stop this run", icon=":material/stop_circle:"):
        st.markdown(
            "It stops after the present step. Complete rounds stay, and it can be resumed: "
            "the round under way then begins anew."
        )
        if now.alive is not True or now.live is None:
            st.caption("Its process is not on this machine: stop it there, with Ctrl-C.")
        elif not parts.may_write("Stopping"):
            st.code(f"kill -INT {now.live.process.pid}", language="bash")
        elif st.button("Stop it", type="primary", key="stop_now"):
            _sent(run, now)


def _sent(run: Run, now: live.Now) -> None:
    try:
        launch.stop(run)
    except ProjectError as error:
        st.error(theme.markdown(error.sentence), icon=":material/error:")
        return
    st.session_state[STOPPED] = (run.run_id, now.live and now.live.process)
    st.rerun()


def _resume(run: Run, words: list[str]) -> None:
    output_dir = cached.settings().output_dir
    if run.status.resume_command is None:  # else it stands above already
        parts.to_paste(command_line("python", "-m", *words))
    if not parts.may_write("Resuming"):
        return
    if st.button("Resume this run", icon=":material/play_arrow:", key="resume_now"):
        try:
            launch.resume(words, output_dir)
        except ProjectError as error:
            st.error(theme.markdown(error.sentence), icon=":material/error:")
            return
        starting.await_number()
