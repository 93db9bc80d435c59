"""Training: a run's rounds while they happen, and all of them afterwards."""

from __future__ import annotations

import streamlit as st

from dashboard.ui import live, parts, run_picker, start_form, training_parts
from dashboard.viz import training_charts
from dashboard.viz.measures import ACCURACY, LOSS

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
            figure = training_charts.curves(run, measure, colours)
            parts.plot(figure, key=measure.key, alt=f"{measure.title} per round; the feed below says the same.")
    training_parts.replies_card(run, colours)
    left, right = st.columns(2, gap="medium")
    with left, parts.card("Seconds per round"):
        if any(round_.seconds is not None for round_ in run.rounds):
            parts.plot(training_charts.seconds(run, colours), key="seconds", alt="Seconds of each round and hospital.")
        else:
            st.caption("Not recorded for this run.")
    with right, parts.card("Traffic per round"):
        if any(round_.bytes_total is not None for round_ in run.rounds):
            parts.plot(training_charts.traffic(run, colours), key="traffic", alt="Megabytes of each round, both ways.")
        else:
            st.caption("Not recorded for this run.")
    training_parts.feed(run)

training_parts.log_tail(run)
start_form.draw()
