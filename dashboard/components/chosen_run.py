"""The run that every page shows: chosen in the sidebar, kept in the address, followed while it runs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from common.artifacts import load, schema
from common.artifacts.values import text
from common.text import listed
from dashboard.charts import theme
from dashboard.components import address, live, parts
from dashboard.components.begin import starting
from dashboard.data import cached, logs
from dashboard.data import live as live_data
from dashboard.settings import LIVE_SECONDS

STATE_KEY = "run"
ASKED_KEY = "run_asked"
GONE_KEY = "run_gone"
OF_THE_SERVICE = ("predict", "models")
WITHOUT_A_RUN = (*OF_THE_SERVICE, "compare", "worth_it")
"""Pages that show the same whichever run is chosen."""
FINISHED = ("completed", "failed", "interrupted")

AT_ONCE = 200
"""Runs that a page reads at once: 5,000 would take half a minute."""

Seen = tuple[load.Stamp, load.Stamp, str, bool, bool]


def draw_in_sidebar(page: str) -> None:
    """Draw what the page is about: the picker of runs or, where no run is looked at, the model in service.

    Parameters
    ----------
    page : str
        As in its address, for example ``"predict"``.
    """
    cached.refresh_names()
    known = cached.run_ids()
    _settle(known)
    with st.sidebar:
        starting.badge()
        if page in WITHOUT_A_RUN:
            if page in OF_THE_SERVICE:
                _in_service()
        elif known:
            _pick(known)
        else:
            st.caption("No run yet.")


def _settle(known: list[str]) -> None:
    """Decide which run is looked at; remember one that the address asks for in vain, and one that was deleted."""
    state = st.session_state
    if begun := starting.begun():
        _show(begun)
    if STATE_KEY not in state:
        asked = st.query_params.get(STATE_KEY)
        state[ASKED_KEY] = asked if asked not in (None, *known) else None
        address.seed_one(STATE_KEY, known, _newest(known))
    elif state[STATE_KEY] is not None and state[STATE_KEY] not in known:
        state[GONE_KEY], state[STATE_KEY] = state[STATE_KEY], None
    elif state.get(GONE_KEY) in known:
        _show(state[GONE_KEY])
    elif state[STATE_KEY] is None and not state.get(GONE_KEY) and known:
        _show(_newest(known))  # the folder's first run
    state[STATE_KEY] = state[STATE_KEY]  # a page without the picker must not forget it


def _pick(known: list[str]) -> None:
    """Draw the picker, and the state of what it shows."""
    state, gone = st.session_state, st.session_state.get(GONE_KEY)
    index = cached.run_index()  # once: it is asked for hundreds of runs
    st.selectbox(
        "Run",
        [key for key in known if key == state[STATE_KEY] or not index.about(key).archived],
        key=STATE_KEY,
        format_func=index.title,
        on_change=_forget,
        placeholder=f"{gone} was deleted" if gone else "Choose a run",
        help="Newest first, without archived ones; kept in the address.",
    )
    chosen = current()
    if chosen is not None:
        address.keep(run=chosen.run_id)
        with st.container(horizontal=True, gap="small"):
            parts.badge(live_data.state_of(chosen))
            if chosen.synthetic:
                st.badge("Synthetic", icon=":material/science:", color="violet")


def _in_service() -> None:
    """Say which model answers."""
    meta, _ = cached.service_meta()
    run_id = text(meta.get("run_id"))
    named = theme.markdown(cached.title(run_id)) if run_id else "a run that is not recorded"
    st.caption("Model in service")
    st.markdown(f":material/deployed_code: {named}" if meta else "None yet.")


def current() -> schema.Run | None:
    """Return the chosen run, None if there is none or it was deleted."""
    chosen = st.session_state.get(STATE_KEY)
    return cached.runs([chosen]).get(chosen) if chosen else None


def require() -> schema.Run:
    """Return the chosen run with its banners drawn; end the page with an empty state if there is none."""
    starting.draw()
    run = current()
    if gone := st.session_state.get(GONE_KEY):
        _say_gone(gone)
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


def _say_gone(gone: str) -> None:
    """Say that a run was deleted, and offer the newest instead of showing it as if nothing had happened."""
    st.warning(deleted([gone]), icon=":material/delete:")
    newest = _newest(cached.run_ids())
    if newest:
        st.button(f"Show {theme.markdown(cached.title(newest))}", key="show_newest", on_click=_show, args=(newest,))
        st.stop()


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


def follow_all(runs: Mapping[str, schema.Run]) -> None:
    """Keep a page of several runs up to date while one of them goes on; keys as of `cached.runs`."""
    going_on = [key for key, run in runs.items() if run.state == "running"]
    if going_on and st.toggle("Follow live", value=True, key="follow", persist_state="session"):
        _watch_all(list(runs), {key: load.run_stamp(run.folder) for key, run in runs.items()})


@st.fragment(run_every=LIVE_SECONDS)
def _watch_all(keys: list[str], drawn: dict[str, load.Stamp]) -> None:
    if {key: load.run_stamp(run.folder) for key, run in cached.runs(keys).items()} != drawn:
        st.rerun()


def seen_now(output_dir: Path, run: schema.Run) -> Seen:
    """Return what would differ if there were anything new: the run's files and log, the newest run, its process."""
    log = logs.log_path(output_dir, run.status.log)
    newest = next(iter(load.list_runs(output_dir)), "")
    now = live_data.now_of(run)
    stamp = load.stamp(log) if log else ()
    return load.run_stamp(run.folder), stamp, newest, now.ended, now.kind == "stopping"


@st.fragment(run_every=LIVE_SECONDS)
def _watch(output_dir: Path, run: schema.Run, drawn: Seen) -> None:
    if seen_now(output_dir, run) != drawn:
        st.rerun()
    live.sentence(run)


def deleted(keys: Sequence[str]) -> str:
    """Say of runs that somebody deleted them while they were on the screen."""
    names, them = theme.markdown(listed(keys)), "it" if len(keys) == 1 else "them"
    return f"{names} {'was' if len(keys) == 1 else 'were'} deleted while you looked at {them}."


def _newest(known: Sequence[str]) -> str | None:
    """Return the newest run that is not archived, the newest of all if every one is, None if there is none."""
    return next(iter([*(key for key in known if not cached.about(key).archived), *known]), None)


def _show(run_id: str | None) -> None:
    st.session_state[STATE_KEY] = run_id
    _forget()


def _forget() -> None:
    st.session_state[ASKED_KEY] = st.session_state[GONE_KEY] = None


def page_of(known: list[str], key: str) -> list[str]:
    """Return the runs that a list shows, the newest at first; draws the choice of others where there are many."""
    if len(known) <= AT_ONCE:
        return known
    cut = [known[start : start + AT_ONCE] for start in range(0, len(known), AT_ONCE)]
    pages = {f"{part[0]} to {part[-1]}": part for part in cut}
    chosen = st.selectbox(f"{AT_ONCE} of {len(known)} runs", list(pages), key=key)
    return pages.get(chosen or "", known[:AT_ONCE])
