"""Logs: a run's lines by level, by who wrote them, and by text."""

import pandas as pd
import streamlit as st

from dashboard.components import chosen_run, parts, verdict
from dashboard.data import cached, logs
from dashboard.data.verdicts.logs import of_lines

SHOWN = 2000


def draw() -> None:
    """Draw the page."""
    parts.header("Logs")
    run = chosen_run.require()
    parts.status_line(run)
    chosen_run.follow(run)
    path = logs.log_path(cached.settings().output_dir, run.status.log)
    if path is None:
        named = "names a log that is not there" if run.status.log else "recorded no log"
        parts.empty(
            f"{run.run_id} {named}; a run writes logs/<date_time>/training.log below the folder that it writes to."
        )
        st.stop()
    lines = logs.parse(logs.read_tail(path))
    verdict.draw(of_lines(lines))
    found = _filtered(lines)
    st.caption(
        f"{len(found):,} of {len(lines):,} lines, the last first"
        + (f"; only the last {SHOWN:,} are drawn." if len(found) > SHOWN else ".")
    )
    if found:
        _table(found[-SHOWN:])
    else:
        st.info("No line matches.", icon=":material/filter_alt_off:")
    st.download_button(
        "Download the log", data=path.read_bytes, file_name=f"{run.run_id}.log", mime="text/plain", on_click="ignore"
    )


def _filtered(lines: list[logs.LogLine]) -> list[logs.LogLine]:
    left, middle, right = st.columns([1.2, 1, 1.4], vertical_alignment="bottom")
    present = [level for level in logs.LEVELS if any(line.level == level for line in lines)]
    levels = left.pills("Level", present, selection_mode="multi", key="log_levels")
    writers = sorted({line.source for line in lines})
    sources = middle.multiselect("Written by", writers, key="log_sources", placeholder="all")
    text = right.text_input("Text", key="log_text", placeholder="for example: round 3")
    return logs.chosen(lines, levels, sources, text)


def _table(lines: list[logs.LogLine]) -> None:
    rows = [(line.at, line.level, line.source, line.text) for line in reversed(lines)]
    st.dataframe(
        pd.DataFrame(rows, columns=["Time", "Level", "Written by", "Text"]),
        hide_index=True,
        width="stretch",
        height=560,
        key="log_lines",
        column_config={
            "Text": st.column_config.TextColumn(width="large"),
            "Level": st.column_config.TextColumn(width="small"),
        },
    )


if __name__ == "__main__":
    draw()
