"""Data: what each hospital's audit found, what to do about it, and how its slices were split."""

from __future__ import annotations

import streamlit as st

from dashboard.components import live, parts, run_picker, text_table
from dashboard.data import audit_tables
from dashboard.screens import data_parts, network_parts

parts.header("Data", "What the hospitals reported of their slices: counts and findings, without images or file names.")
run = run_picker.require_run()
live.follow(run)
if not run.hospitals:
    running = run.state == "running"
    parts.empty(
        "The hospitals are still describing their data." if running else "This run recorded no hospital's data."
    )
    st.stop()

parts.metrics(data_parts.headline(run))
network_parts.held_by_one_warning(run)
if not audit_tables.audited(run):
    st.info(f"{run.run_id} recorded class counts only: no audit, no split per class.", icon=":material/help:")
with parts.card(
    "Hospital by hospital", "A group: duplicates, look-alikes and neighbouring slices, probably of one patient."
):
    text_table.draw(audit_tables.overview(run), alt="What each hospital holds.")

if audit_tables.audited(run):
    st.subheader("Findings, and what to do", anchor=False)
    for name in sorted(run.hospitals):
        data_parts.hospital_findings(run.hospitals[name])

data_parts.between_hospitals(run)

with parts.card("The split", "Slices of each class in each part."):
    split = audit_tables.split_table(run)
    if split.empty:
        st.caption("Not recorded for this run.")
    else:
        text_table.draw(split, alt="Slices of each class in each part, by hospital.")
