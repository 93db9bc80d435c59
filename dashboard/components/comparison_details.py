"""Below a comparison: what was set differently, and all runs at one round."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.charts import theme
from dashboard.components import address, parts
from dashboard.data import cached, comparison
from dashboard.data.compared.at_round import at_round
from dashboard.data.compared.entries import Entry
from dashboard.data.rounds import Measure


def draw(
    settings: Mapping[str, Mapping[str, Any]],
    entries: Sequence[Entry],
    measure: Measure,
    baseline: Entry | None,
    hospital: str | None,
) -> None:
    """Draw both as tabs; a tab is drawn once it is open, since each table keeps the browser busy."""
    names = ["What was set differently", "All runs at one round"]
    st.session_state.setdefault("details", names["round" in st.query_params])
    with st.container(border=True):
        settings_tab, round_tab = st.tabs(names, key="details", on_change="rerun")
        if settings_tab.open:
            address.keep(round=None)
            with settings_tab:
                _settings(settings)
        if round_tab.open:
            with round_tab:
                _at_round(entries, measure, baseline, hospital)


def _settings(settings: Mapping[str, Mapping[str, Any]]) -> None:
    """Draw the runs' settings, only the differing ones unless asked otherwise."""
    only = st.toggle("Only differences", value=True, key="only_differences", persist_state="session")
    parts.problems([problem for key in settings for problem in cached.run_settings(key)[1]])
    table = comparison.settings_table(settings, only_differences=only)
    recorded = [key for key, body in settings.items() if body]
    if absent := [key for key in settings if key not in recorded]:
        st.caption(f"Recorded no settings: {theme.markdown(', '.join(absent))}.")
    if not table.empty:
        parts.table(table, alt="Settings of each run.")
    elif recorded:
        st.caption("No setting differs." if len(recorded) > 1 else "There is nothing to compare it with.")


def _at_round(entries: Sequence[Entry], measure: Measure, baseline: Entry | None, hospital: str | None) -> None:
    """Draw every run's value at one round."""
    ends = [run.rounds[-1].number for entry in entries for run in entry.runs.values() if run.rounds]
    last = max(ends, default=0)
    if not last:
        st.caption("No run has a complete round.")
        return
    if "round" not in st.session_state:
        st.session_state["round"] = _whole(st.query_params.get("round", "")) or min(ends)
    st.session_state["round"] = max(1, min(st.session_state["round"], last))
    number = st.slider("Round", 1, last, key="round", persist_state="session") if last > 1 else 1
    address.keep(round=str(number))
    found = at_round(entries, measure, number, baseline, hospital)
    parts.table(found.texts, alt=f"Each run at round {number}.", tones=found.tones)


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 7 else None
