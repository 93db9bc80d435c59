"""Follows a running run: looks at files' dates every second and draws the page again only if one changed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from common.artifacts.load import Stamp, list_runs, run_stamp, stamp
from common.artifacts.schema import Run
from dashboard.charts import formats
from dashboard.data import cached
from dashboard.data.logs import log_path
from dashboard.data.progress import progress
from dashboard.settings import LIVE_SECONDS

FINISHED = ("completed", "failed", "interrupted")


def seen_now(output_dir: Path, run: Run) -> tuple[Stamp, Stamp, str]:
    """Return what would differ if there were anything new: the run's files, its log, the newest run."""
    log = log_path(output_dir, run.status.log)
    newest = next(iter(list_runs(output_dir)), "")
    return run_stamp(run.folder), stamp(log) if log else (), newest


def follow(run: Run) -> None:
    """Keep the page of a run that is not finished up to date, until the visitor switches that off."""
    if run.state in FINISHED or (run.state != "running" and run.rounds):
        return
    output_dir = cached.settings().output_dir
    drawn = seen_now(output_dir, run)
    if st.toggle(
        "Follow live", value=True, key="follow", help="Off keeps the zoom of a chart.", persist_state="session"
    ):
        _watch(output_dir, run, drawn)


@st.fragment(run_every=LIVE_SECONDS)
def _watch(output_dir: Path, run: Run, drawn: tuple[Stamp, Stamp, str]) -> None:
    if seen_now(output_dir, run) != drawn:
        st.rerun()
    state = progress(run, datetime.now(UTC))
    if state.stale:
        st.warning(
            f"No sign of life for {formats.duration(state.silent_for)}: the run says that it is running, but it may "
            "have been killed. Look at its log, or resume it.",
            icon=":material/sync_problem:",
        )
    elif state.silent_for is not None:
        st.caption(f"Last sign of life {formats.duration(state.silent_for)} ago.")
