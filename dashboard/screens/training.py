"""Training: a run's rounds while they happen, and all of them afterwards."""

from __future__ import annotations

import streamlit as st

from dashboard.charts import training
from dashboard.charts.measures import ACCURACY, LOSS
from dashboard.components import live, parts, run_picker, start_form
from dashboard.screens import training_parts

parts.header("Training")
run = run_picker.require_run()
training_parts.progress_lines(run)
live.follow(run)

if not run.rounds:
    parts.empty("No round is complete yet." if run.state == "running" else "This run recorded no complete round.")
else:
    parts.metrics(training_parts.headline(run))
    colours = parts.colours()
    for column, measure in zip(st.columns(2, gap="medium"), (ACCURACY, LOSS), strict=True):
        with column, parts.card(f"{measure.title} per round", "The grey band spans the hospitals."):
            figure = training.curves(run, measure, colours)
            parts.plot(figure, key=measure.key, alt=f"{measure.title} per round; the table below says the same.")
    training_parts.inside_rounds(run, colours)

training_parts.log_tail(run)
start_form.draw()
