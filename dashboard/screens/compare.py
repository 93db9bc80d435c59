"""Compare: any number of runs beside each other, round by round; the choice is in the address."""

from __future__ import annotations

import streamlit as st

from dashboard.charts.theme import markdown
from dashboard.components import parts, run_picker
from dashboard.data import cached
from dashboard.screens import compare_parts

parts.header("Compare runs")
known = cached.all_keys()
if not known:
    run_picker.require_run()
choice = compare_parts.choose(known)
if any(run.synthetic for run in choice.runs.values()):
    drawn = ", ".join(key for key, run in choice.runs.items() if run.synthetic)
    st.warning(f"**SYNTHETIC DATA** in {drawn}: a program drew the slices.", icon=":material/science:")
for key, run in choice.runs.items():
    if run.notice:
        st.warning(f"{markdown(key)}: {markdown(run.notice)}", icon=":material/warning:")
compare_parts.troubles(choice)

if not choice.runs:
    parts.empty("No run is chosen. Choose some above, or tick them in the list below.")
else:
    compare_parts.best_table(choice)
    with parts.card(
        f"{choice.measure.title} · {choice.where}",
        "Heavy = baseline. The camera in the chart's corner saves a picture.",
    ):
        compare_parts.chart(choice, parts.colours())
        compare_parts.exports(choice)
    compare_parts.details(choice)
compare_parts.every_run(known)
