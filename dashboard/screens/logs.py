"""Logs: a run's lines by level, by who wrote them, and by text."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.components import live, parts, run_picker
from dashboard.data import cached, logs

SHOWN = 2000

parts.header("Logs")
run = run_picker.require_run()
parts.status_line(run)
live.follow(run)

path = logs.log_path(cached.settings().output_dir, run.status.log)
if path is None:
    named = "names a log that is not there" if run.status.log else "recorded no log"
    parts.empty(f"{run.run_id} {named}; a run writes logs/<date_time>/training.log below the folder that it writes to.")
    st.stop()

lines = logs.parse(logs.read_tail(path))
left, middle, right = st.columns([1.2, 1, 1.4], vertical_alignment="bottom")
present = [level for level in logs.LEVELS if any(line.level == level for line in lines)]
levels = left.pills("Level", present, selection_mode="multi", key="log_levels")
sources = middle.multiselect(
    "Written by", sorted({line.source for line in lines}), key="log_sources", placeholder="all"
)
text = right.text_input("Text", key="log_text", placeholder="for example: round 3")

found = logs.chosen(lines, levels, sources, text)
st.caption(
    f"{len(found):,} of {len(lines):,} lines, the last first"
    + (f"; only the last {SHOWN:,} are drawn." if len(found) > SHOWN else ".")
)
if found:
    rows = pd.DataFrame(
        [(line.at, line.level, line.source, line.text) for line in reversed(found[-SHOWN:])],
        columns=["Time", "Level", "Written by", "Text"],
    )
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        height=560,
        key="log_lines",
        column_config={
            "Text": st.column_config.TextColumn(width="large"),
            "Level": st.column_config.TextColumn(width="small"),
        },
    )
else:
    st.info("No line matches.", icon=":material/filter_alt_off:")
st.download_button(
    "Download the log", data=path.read_bytes, file_name=f"{run.run_id}.log", mime="text/plain", on_click="ignore"
)
