"""The run that every page shows: chosen in the sidebar, kept in the URL, never opened as a path."""

from __future__ import annotations

import streamlit as st

from common.artifacts.schema import Run
from dashboard.charts.theme import markdown
from dashboard.components import address, parts
from dashboard.data import cached

STATE_KEY = "run"
ASKED_KEY = "run_asked"


def pick_in_sidebar() -> None:
    """Draw the picker; remember what the address asked for if it is not there."""
    known = cached.run_ids()
    if STATE_KEY not in st.session_state:
        asked = st.query_params.get(STATE_KEY)
        st.session_state[ASKED_KEY] = asked if asked not in (None, *known) else None
    address.seed_one(STATE_KEY, known, known[0] if known else None)
    with st.sidebar:
        if not known:
            st.caption("No run yet.")
            return
        st.selectbox("Run", known, key=STATE_KEY, on_change=_forget_asked, help="Newest first; kept in the address.")
        address.keep(run=st.session_state[STATE_KEY])
        chosen = current()
        if chosen is not None:
            with st.container(horizontal=True, gap="small"):
                parts.badge(chosen.state)
                if chosen.synthetic:
                    st.badge("Synthetic", icon=":material/science:", color="violet")


def current() -> Run | None:
    """Return the chosen run, the newest if none was chosen, None if there is none at all."""
    known = cached.run_ids()
    if not known:
        return None
    chosen = st.session_state.get(STATE_KEY)
    return cached.run(chosen if chosen in known else known[0])


def require_run() -> Run:
    """Return the chosen run with its banners drawn; end the page with an empty state if there is none."""
    run = current()
    if run is None:
        parts.empty(
            "There is no run in this folder yet. Draw three synthetic hospitals and start one:",
            "python -m common.phantoms --out dataset/phantoms\npython -m server.simulate experiment=demo",
        )
        st.caption(f"Looked in {markdown(str(cached.settings().output_dir / 'artifacts'))}")
        st.stop()
    asked = st.session_state.get(ASKED_KEY)
    if asked and asked != run.run_id:
        st.warning(f"{markdown(asked[:40])} is not here, showing {run.run_id}.", icon=":material/search_off:")
    parts.synthetic_banner(run)
    parts.notice_banner(run)
    parts.problems(run.problems)
    return run


def _forget_asked() -> None:
    st.session_state[ASKED_KEY] = None
