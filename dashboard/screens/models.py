"""Models: the versions, the one in service, how it came to that, and how to change it."""

from __future__ import annotations

import streamlit as st

from common.artifacts.service_history import read_changes
from common.artifacts.values import text
from dashboard.components import parts, run_picker, text_table
from dashboard.data import cached
from dashboard.data.versions import change_table, version_table, versions
from dashboard.screens import models_parts

parts.header("Models")
output_dir = cached.settings().output_dir
meta, problems = cached.service_meta()
changes, unreadable = read_changes(output_dir)
models_parts.said()
parts.problems(problems)
with parts.card("In service", "This model answers on the Predict page."):
    models_parts.in_service(meta, changes, output_dir / "models")
known = cached.run_ids()
if not known:
    run_picker.require_run()

found = versions(cached.runs(known), text(meta.get("run_id")))
with parts.card("Versions", "Every completed run's model. The better figure alone is no reason; see Analytics."):
    if found:
        st.dataframe(version_table(found), hide_index=True, width="stretch", key="versions")
    else:
        st.caption("No completed run is recorded here yet.")
with parts.card("Put another one in service", "The model in service is kept until the new one is checked and whole."):
    models_parts.promotion(found)
with parts.card("History"):
    if unreadable:
        st.warning(f"{unreadable} lines of models/history.jsonl cannot be read.", icon=":material/report:")
    if changes:
        text_table.draw(change_table(changes), alt="Which model was put in service when, and why.", rows=8)
    else:
        st.caption("No change is recorded.")
