"""The table of runs that heads Compare: its ticked rows are what is compared; what is chosen is in the address."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from common.artifacts.schema import Run
from common.text import counted
from dashboard.charts import theme
from dashboard.components import address, chosen_run, parts, run_about
from dashboard.components.mounted import mounted
from dashboard.data import cached
from dashboard.data.listing import run_rows

RUNS, PINNED, SORT = "runs", "pinned", "sort"  # in the session and in the address
FIND, ONLY, GROUP, ARCHIVED = "find", "only", "group", "archived"
GONE, PAGE, TABLE = "runs_gone", "runs_page", "runs_table"
FIRST_RUNS = 4
MOST_RUNS = 40
"""Runs compared at once: more lines than anybody can tell apart."""
_mount = mounted("runs_table", "runs", '<div class="runs-table"></div>')


def choose_runs() -> Mapping[str, Run]:
    """Draw the table and return the ticked runs by key, in the order of ticking; empty if none is ticked."""
    index = cached.run_index()
    known = list(index.entries)
    _settle(known, [key for key in known if not index.about(key).archived])
    view = _view(run_rows.filters(index))
    _table(view)
    run_about.draw()
    state = st.session_state
    address.keep(
        runs=",".join(state[RUNS]) or None,
        pinned=",".join(view.pinned) or None,
        sort=view.sort if view.sort != "run" else None,
        find=view.find or None,
        only=",".join(view.only) or None,
        group=view.group or None,
        archived="yes" if view.archived else None,
    )
    if len(state[RUNS]) > MOST_RUNS:
        st.caption(f"The first {MOST_RUNS} of {len(state[RUNS])} ticked runs are compared.")
    return cached.runs(state[RUNS][:MOST_RUNS])


def first_baseline(runs: Mapping[str, Run]) -> str | None:
    """Return the run that the others are compared with at first: a starred one, or the last that was tested."""
    starred = [key for key in runs if cached.about(key).star]
    tested = [key for key, run in runs.items() if run.metrics and not run.measured_with]
    return next(iter([*starred, *reversed(tested), *reversed(list(runs))]), None)


def _settle(known: Sequence[str], offered: Sequence[str]) -> None:
    """Decide what is ticked and pinned; say what the address asks for in vain, and what was deleted meanwhile."""
    state = st.session_state
    if RUNS in state:
        gone = [key for key in state[RUNS] if key not in known]
        state[GONE] = [key for key in dict.fromkeys([*state.get(GONE, []), *gone]) if key not in known]
        if state[GONE]:
            st.warning(chosen_run.deleted(state[GONE]), icon=":material/delete:")
    first = offered[:FIRST_RUNS] if "runs" not in st.query_params else []
    absent = address.seed_many(RUNS, known, first)
    address.seed_many(PINNED, known, [])
    if absent:
        names = ", ".join(theme.markdown(name[:40]) for name in absent[:5])
        st.warning(f"{names} is not here and was left out.", icon=":material/search_off:")


def _view(filters: list[str]) -> run_rows.View:
    """Draw what the table is asked for."""
    state = st.session_state
    state.setdefault(FIND, st.query_params.get(FIND, "")[:200])
    state.setdefault(ARCHIVED, st.query_params.get(ARCHIVED) == "yes")
    address.seed_many(ONLY, filters, [])
    address.seed_one(GROUP, list(run_rows.GROUPS), "")
    sorts = [*run_rows.SORTS, *(f"-{name}" for name in run_rows.SORTS)]
    address.seed_one(SORT, sorts, "run")
    left, middle, right, last = st.columns([1.4, 1.6, 1, 0.7], vertical_alignment="bottom")
    keep: dict[str, Any] = {"persist_state": "session", "on_change": _first_page}
    find = left.text_input("Search", key=FIND, placeholder="Name, tag, note", max_chars=200, **keep)
    only = middle.multiselect("Filter", filters, key=ONLY, placeholder="Strategy, tag, state", **keep)
    group = right.selectbox(
        "Group by", list(run_rows.GROUPS), key=GROUP, format_func=run_rows.GROUPS.__getitem__, **keep
    )
    archived = last.toggle("Archived", key=ARCHIVED, help="Show archived runs, too.", **keep)
    return run_rows.View(find, tuple(only), group or "", state[SORT], archived, tuple(state[PINNED]))


def _table(view: run_rows.View) -> None:
    """Draw one page of the table."""
    index, state = cached.run_index(), st.session_state
    found = run_rows.arranged(index, view)
    last = max(0, (len(found) - 1) // run_rows.PAGE)
    page = state[PAGE] = min(state.get(PAGE, 0), last)
    shown = found[page * run_rows.PAGE : (page + 1) * run_rows.PAGE]
    sizes: dict[str, int] = {}
    for group, _ in found:
        sizes[group] = sizes.get(group, 0) + 1
    data = {
        "rows": [_row(group, key) for group, key in shown],
        "groups": {group: f"{group} · {counted(sizes[group], 'run')}" for group in dict.fromkeys(g for g, _ in shown)},
        "ticked": state[RUNS],
        "pinned": state[PINNED],
        "sort": view.sort,
        "page": page,
        "size": run_rows.PAGE,
        "found": len(found),
        "all": len(index.entries),
    }
    _mount(key=TABLE, data=data, on_did_change=_did)


def _row(group: str, key: str) -> dict[str, Any]:
    row = run_rows.row(cached.run_index(), key)
    label, _, colour = parts.STATE_BADGES[row["state"]]
    return {"group": group, **row, "state": label, "colour": colour}


def _did() -> None:
    take(st.session_state[TABLE]["did"])


def take(told: Any) -> None:
    """Take over what the visitor did in the table; a browser may send anything, and that changes nothing."""
    if not isinstance(told, dict):
        return
    state, known = st.session_state, cached.run_index().entries
    for name, sent in ((RUNS, "ticked"), (PINNED, "pinned")):
        if isinstance(keys := told.get(sent), list):
            state[name] = list(dict.fromkeys(key for key in keys if isinstance(key, str) and key in known))
            state[GONE] = []
    sort, page, about = told.get("sort"), told.get("page"), told.get("about")
    if isinstance(sort, str) and sort.removeprefix("-") in run_rows.SORTS:
        state[SORT] = sort
    if isinstance(page, int):
        state[PAGE] = max(0, page)
    if isinstance(about, str) and about in known:
        run_about.open_for(about)


def _first_page() -> None:
    st.session_state[PAGE] = 0
