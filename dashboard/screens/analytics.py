"""Analytics: how the finished model does, per class and per hospital, how sure that is, and why to doubt it."""

from __future__ import annotations

import streamlit as st

from dashboard.charts.theme import markdown
from dashboard.components import live, parts, run_picker, text_table
from dashboard.data import fairness
from dashboard.data.result_tables import class_table, hospital_table
from dashboard.data.results import hospital_results, overall_result
from dashboard.data.shares import FEW_CASES
from dashboard.screens import analytics_parts

parts.header("Analytics")
run = run_picker.require_run()
parts.status_line(run)
live.follow(run)
overall, hospitals = overall_result(run), hospital_results(run)
if overall is None:
    parts.empty(analytics_parts.why_no_test(run))
    st.stop()

colours = parts.colours()
parts.metrics(analytics_parts.headline(run, overall, hospitals))
with parts.card("Can the figures be believed?"):
    analytics_parts.doubts(run, overall, hospitals)
    analytics_parts.report(run)

chosen = analytics_parts.choose(overall, hospitals)
with parts.card("Class by class", chosen.sure):
    analytics_parts.classes(chosen, colours)
    text_table.draw(class_table(chosen), alt="Each class in figures.")
left, right = st.columns(2, gap="medium")
with left, parts.card("Where it goes wrong", "Slices, and their share of the true class (colour)."):
    analytics_parts.confusion(chosen, colours)
with (
    right,
    parts.card("Is the confidence honest?", "All hospitals. Below the dotted line: too sure. Dot area = slices."),
):
    analytics_parts.reliability(run, colours)
with parts.card(
    "Hospital by hospital",
    f"Recall per class, of how many slices; – no test slice of that class there, which is not zero; * fewer than "
    f"{FEW_CASES}.",
):
    if hospitals:
        text_table.draw(hospital_table(hospitals, overall), alt="Each hospital in figures.")
        st.caption(markdown(fairness.sentence(run)))
    else:
        st.caption("Not recorded for this run.")
