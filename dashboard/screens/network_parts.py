"""The pieces of the Network page: headline figures, warnings, the map, the chosen hospital."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from common.artifacts.schema import Run
from dashboard.charts import formats
from dashboard.charts import network_map as netmap
from dashboard.charts.theme import Palette, class_title, markdown
from dashboard.components import hospital_map
from dashboard.data import facts, fairness
from dashboard.data.facts import TestFigures
from dashboard.data.shares import Share

QUIET: dict[str, Any] = {"delta_color": "off", "delta_arrow": "off"}
CHOSEN = "chosen_hospital"


def headline(run: Run) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the five figures of the first row; the best validation accuracy until there is a test."""
    test, best, spread = facts.overall_test(run), run.best_round, fairness.spread(run)
    macro = test.macro_f1 if test else Share()
    if test is not None:
        note = _note(formats.interval(test.interval))
        accuracy = ("Test accuracy", formats.percent(test.accuracy), {**note, "help": "With its 95 % interval."})
    else:
        value = best.val_accuracy if best else None
        note = _note(f"round {best.number}" if best else formats.MISSING)
        accuracy = (
            "Best val. accuracy",
            formats.percent(value),
            {**note, "help": "No test yet: on validation slices."},
        )
    return [
        ("Hospitals", formats.whole(len(run.hospital_names)), {}),
        ("MRI slices", formats.whole(facts.total_slices(run)), {}),
        accuracy,
        (
            "Macro F1",
            formats.percent(macro.value),
            {"help": "Mean over classes, on the test slices.", **_note(formats.interval(macro.interval))},
        ),
        (
            "Hospital gap",
            formats.points(facts.hospital_gap(run)).lstrip("+"),
            {
                "help": "Largest minus smallest test accuracy of the hospitals, in percentage points, and the standard "
                "deviation of all of them.",
                **_note(formats.points(spread).replace("+", "SD ")),
            },
        ),
    ]


def _note(text: str) -> dict[str, Any]:
    return {"delta": text, **QUIET} if text != formats.MISSING else {}


def held_by_one_warning(run: Run) -> None:
    """Warn where a class is held by one hospital only."""
    for label, hospital in facts.held_by_one(run):
        st.warning(
            f"**{class_title(label)}** slices exist only at {markdown(hospital)}. The model could learn that "
            "hospital's scanner instead of the finding, and the hospitals' accuracies are not like for like.",
            icon=":material/balance:",
        )


def why_no_tests(run: Run) -> str:
    """Say why no hospital has a test figure."""
    if run.state == "running":
        return "The test follows the last round."
    if run.state in ("failed", "interrupted"):
        return "This run did not reach its test."
    return "Not recorded per hospital for this run."


def network_map(run: Run, tests: Mapping[str, TestFigures], colours: Palette) -> None:
    """Draw the map; a click on a dot chooses that hospital."""
    if st.session_state.get(CHOSEN) not in run.hospitals:
        st.session_state[CHOSEN] = min(run.hospitals, default=None)
    placed = netmap.placed(run.hospitals)
    chart = netmap.draw(run.hospitals, tests, colours, names=run.hospital_names, selected=st.session_state[CHOSEN])

    def choose(dot: int) -> None:
        if 0 <= dot < len(placed):
            st.session_state[CHOSEN] = list(placed)[dot]

    hospital_map.draw(chart, colours, key=f"map-{run.run_id}-{len(placed)}", on_click=choose)
    outside = netmap.outside_coast(run.hospitals)
    if outside:
        st.caption(f"{markdown(formats.listed(outside))}: outside of the coast that is drawn.")


def chosen_hospital(run: Run, tests: Mapping[str, TestFigures]) -> None:
    """Draw the facts of the chosen hospital; the list is the keyboard's way to choose one."""
    names = sorted(run.hospitals)
    if not names:
        return
    st.selectbox("Hospital", names, key=CHOSEN, help="Or click its dot.")
    body = run.hospitals[st.session_state[CHOSEN]]
    test = tests.get(body.name)
    lines = [
        f"{markdown(body.specialty or 'Specialty not recorded')} · data set {markdown(body.dataset_id or '–')}",
        f"{formats.whole(body.total)} slices"
        + (f", in {formats.whole(body.group_count)} groups of neighbours and duplicates" if body.group_count else ""),
    ]
    if test is not None:
        lines.append(
            f"test accuracy **{formats.percent(test.accuracy)}** "
            f"({formats.interval(test.interval)}, {formats.whole(test.n_test)} slices)"
        )
    if body.missing_classes:
        held = formats.listed([class_title(label).lower() for label in body.missing_classes])
        lines.append(f"holds no slices of: {held}")
    if body.unmatched_folders:
        lines.append(f"folders left out: {markdown(formats.listed(body.unmatched_folders))}")
    st.markdown("\n".join(f"- {line}" for line in lines))
