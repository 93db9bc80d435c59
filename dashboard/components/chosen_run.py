"""The run that every page shows: chosen in the sidebar, kept in the address, followed while it runs."""

from pathlib import Path

import streamlit as st

from common.artifacts import load, schema
from dashboard.charts import formats, theme
from dashboard.components import address, parts
from dashboard.data import cached, logs, rounds
from dashboard.settings import LIVE_SECONDS

STATE_KEY = "run"
ASKED_KEY = "run_asked"
FINISHED = ("completed", "failed", "interrupted")

AT_ONCE = 200
"""Runs that a page reads at once: 5,000 would take half a minute."""

Seen = tuple[load.Stamp, load.Stamp, str]


def pick_in_sidebar() -> None:
    """Draw the picker; remember what the address asked for if it is not there."""
    cached.refresh_names()
    known = cached.run_ids()
    if STATE_KEY not in st.session_state:
        asked = st.query_params.get(STATE_KEY)
        st.session_state[ASKED_KEY] = asked if asked not in (None, *known) else None
    address.seed_one(STATE_KEY, known, known[0] if known else None)
    with st.sidebar:
        if not known:
            st.caption("No run yet.")
            return
        st.selectbox(
            "Run",
            known,
            key=STATE_KEY,
            format_func=cached.title,
            on_change=_forget_asked,
            help="Newest first; kept in the address.",
        )
        address.keep(run=st.session_state[STATE_KEY])
        chosen = current()
        if chosen is not None:
            with st.container(horizontal=True, gap="small"):
                parts.badge(chosen.state)
                if chosen.synthetic:
                    st.badge("Synthetic", icon=":material/science:", color="violet")


def current() -> schema.Run | None:
    """Return the chosen run, the newest if none was chosen, None if there is none at all."""
    known = cached.run_ids()
    if not known:
        return None
    chosen = st.session_state.get(STATE_KEY)
    return cached.run(chosen if chosen in known else known[0])


def require() -> schema.Run:
    """Return the chosen run with its banners drawn; end the page with an empty state if there is none."""
    run = current()
    if run is None:
        parts.empty(
            "There is no run in this folder yet. Draw three synthetic hospitals and start one:",
            "python -m common.phantoms --out dataset/phantoms\npython -m server.simulate experiment=demo",
        )
        st.caption(f"Looked in {theme.markdown(str(cached.settings().output_dir / 'artifacts'))}")
        st.stop()
    asked = st.session_state.get(ASKED_KEY)
    if asked and asked != run.run_id:
        st.warning(f"{theme.markdown(asked[:40])} is not here, showing {run.run_id}.", icon=":material/search_off:")
    parts.banners(run)
    return run


def follow(run: schema.Run) -> None:
    """Keep the page of a run that is not finished up to date, until the visitor switches that off.

    The files' dates are looked at every second; the page is drawn again only if one of them changed.
    """
    if run.state in FINISHED or (run.state != "running" and run.rounds):
        return
    output_dir = cached.settings().output_dir
    drawn = seen_now(output_dir, run)
    if st.toggle(
        "Follow live", value=True, key="follow", help="Off keeps the zoom of a chart.", persist_state="session"
    ):
        _watch(output_dir, run, drawn)


def seen_now(output_dir: Path, run: schema.Run) -> Seen:
    """Return what would differ if there were anything new: the run's files, its log, the newest run."""
    log = logs.log_path(output_dir, run.status.log)
    newest = next(iter(load.list_runs(output_dir)), "")
    return load.run_stamp(run.folder), load.stamp(log) if log else (), newest


@st.fragment(run_every=LIVE_SECONDS)
def _watch(output_dir: Path, run: schema.Run, drawn: Seen) -> None:
    if seen_now(output_dir, run) != drawn:
        st.rerun()
    state = rounds.progress_now(run)
    if state.stale:
        st.warning(
            f"No sign of life for {formats.duration(state.silent_for)}: the run says that it is running, but it may "
            "have been killed. Look at its log, or resume it.",
            icon=":material/sync_problem:",
        )
    elif state.silent_for is not None:
        st.caption(f"Last sign of life {formats.duration(state.silent_for)} ago.")


def _forget_asked() -> None:
    st.session_state[ASKED_KEY] = None


def page_of(known: list[str], key: str) -> list[str]:
    """Return the runs that a list shows, the newest at first; draws the choice of others where there are many."""
    if len(known) <= AT_ONCE:
        return known
    cut = [known[start : start + AT_ONCE] for start in range(0, len(known), AT_ONCE)]
    pages = {f"{part[0]} to {part[-1]}": part for part in cut}
    chosen = st.selectbox(f"{AT_ONCE} of {len(known)} runs", list(pages), key=key)
    return pages.get(chosen or "", known[:AT_ONCE])
