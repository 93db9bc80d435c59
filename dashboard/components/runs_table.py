"""The runs that are compared: chosen at the top of Compare, kept in the address."""

from collections.abc import Mapping

import streamlit as st

from common.artifacts.schema import Run
from dashboard.charts import theme
from dashboard.components import address
from dashboard.data import cached

RUNS = "runs"
FIRST_RUNS = 4


def choose_runs() -> Mapping[str, Run]:
    """Draw the choice and return what was chosen, by key, in the order of choice; empty if nothing is."""
    known = cached.all_keys()
    absent = address.seed_many(RUNS, known, known[:FIRST_RUNS])
    if absent:
        names = ", ".join(theme.markdown(name[:40]) for name in absent[:5])
        st.warning(f"{names} is not here and was left out.", icon=":material/search_off:")
    keys = st.multiselect(
        "Runs", known, key=RUNS, format_func=cached.title, persist_state="session", placeholder="Choose runs"
    )
    runs = cached.runs(keys)
    address.keep(runs=",".join(runs) or None)
    return runs


def first_baseline(runs: Mapping[str, Run]) -> str | None:
    """Return the run that the others are compared with at first: a starred one, or the last that was tested."""
    starred = [key for key in runs if cached.about(key).star]
    tested = [key for key, run in runs.items() if run.metrics]
    return next(iter([*starred, *reversed(tested), *reversed(list(runs))]), None)
