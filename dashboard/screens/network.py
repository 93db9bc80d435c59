"""Network: who takes part, what they hold, how the model does at each of them."""

from __future__ import annotations

import streamlit as st

from common.artifacts.values import mapping
from common.artifacts.words import how_sure
from dashboard.charts import network
from dashboard.charts.theme import markdown
from dashboard.components import live, parts, run_picker, text_table
from dashboard.data import cached, facts, fairness
from dashboard.screens import network_parts

parts.header("Hospital network")
run = run_picker.require_run()
in_service = mapping(cached.service_meta()[0]).get("run_id")
parts.status_line(run, extra=[f"model in service: **{in_service}**"] if isinstance(in_service, str) else [])
live.follow(run)
parts.metrics(network_parts.headline(run))
network_parts.held_by_one_warning(run)

tests = facts.hospital_tests(run)
colours = parts.colours()
left, right = st.columns([1.05, 1], gap="medium")
with left, parts.card("Where the data stays", "Dot area = slices held. Coast only; nothing is fetched from outside."):
    network_parts.network_map(run, tests, colours)
    network_parts.chosen_hospital(run, tests)
with right:
    with parts.card("Class mix per hospital (slices)"):
        if run.hospitals:
            figure = network.class_mix(run.hospitals, colours)
            parts.plot(
                figure, key="class_mix", alt="Slices of each class at each hospital; the table below says the same."
            )
        else:
            st.caption("Not recorded for this run.")
    with parts.card("Test accuracy per hospital (95 % interval)"):
        if tests:
            figure = network.accuracy_intervals(tests, facts.overall_test(run), colours)
            parts.plot(figure, key="tests", alt="Test accuracy of each hospital; the table below says the same.")
            st.caption(f"{markdown(fairness.sentence(run))} {how_sure(run.metrics.get('intervals'))}")
        else:
            st.caption(network_parts.why_no_tests(run))

with parts.card("Hospitals as a table"):
    text_table.draw(facts.hospital_table(run), alt="What the map and the charts show of each hospital.")
