"""Network: who takes part, what they hold, how the model does at each of them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

import pandas as pd
import streamlit as st

from common.artifacts import schema, words
from common.artifacts.values import text
from common.labels import CLASSES
from common.text import listed
from dashboard.charts import formats, network, theme
from dashboard.components import chosen_run, gains, hospital_map, live, parts, verdict
from dashboard.components.tested import headline
from dashboard.data import cached, facts
from dashboard.data import live as now
from dashboard.data.verdicts.network import of_run

CHOSEN = "chosen_hospital"


def draw() -> None:
    """Draw the page."""
    parts.header("Hospital network")
    run = chosen_run.require()
    in_service = text(cached.service_meta()[0].get("run_id"))
    parts.status_line(run, extra=[f"model in service: **{in_service}**"] if in_service else [])
    chosen_run.follow(run)
    verdict.draw(of_run(run, now.now_of(run), datetime.now(UTC)))
    parts.metrics(_headline(run))
    headline.caption(run)
    parts.held_by_one_warning(run)
    tests = facts.hospital_tests(run)
    left, right = st.columns([1.05, 1], gap="medium")
    caption = "Dot area = slices held. Coast only; nothing is fetched from outside."
    with left, parts.card("Where the data stays", caption):
        network_map(run, tests)
        _chosen_hospital(run, tests)
    with right:
        with parts.card("Class mix per hospital (slices held)"):
            _class_mix(run)
        sure = words.how_sure(run.metrics.get("intervals")) if tests else None
        with parts.card(f"{facts.of_recipe(run, 'Test accuracy')} per hospital (95 % interval)", help=sure):
            _accuracies(run, tests)
    gains.card(run)
    with st.expander("Hospitals as a table", icon=":material/table:"):
        parts.table(hospital_table(run), alt="What the map and the charts show of each hospital.")


def hospital_table(run: schema.Run) -> pd.DataFrame:
    """Return what the map shows as a table of texts, one row per hospital."""
    tests = facts.hospital_tests(run)
    rows = []
    for name, hospital in sorted(run.hospitals.items()):
        test = tests.get(name)
        rows.append(
            {
                "Hospital": name,
                "Slices": facts.slices(hospital, ""),
                **{theme.class_title(label): facts.small(hospital.class_counts.get(label, 0)) for label in CLASSES},
                "Test accuracy": formats.share(test.share if test else formats.Share()),
                "Tested on": formats.whole(test.n_test if test else None),
                "Macro F1": formats.share(test.macro_f1 if test else formats.Share()),
                "Specialty": hospital.specialty or formats.MISSING,
            }
        )
    return pd.DataFrame(rows)


def _headline(run: schema.Run) -> list[parts.Metric]:
    """Return the figures of the first row; the best validation accuracy until there is a test."""
    test, best = facts.overall_test(run), run.best_round
    macro = test.macro_f1 if test else formats.Share()
    if test is not None:
        accuracy = headline.accuracy_metric(facts.of_recipe(run, "Test accuracy"), test.share, run)
    else:
        accuracy = parts.Metric(
            "Best val. accuracy",
            formats.percent(best.val_accuracy if best else None),
            f"round {best.number}" if best else "",
            help="No test yet: on validation slices.",
        )
    return [
        parts.Metric("Hospitals", formats.whole(len(run.hospital_names))),
        _slices(run),
        accuracy,
        *headline.beside(run),
        parts.Metric(
            "Macro F1",
            formats.percent(macro.value),
            formats.interval(macro.interval),
            help="Mean over classes, on the test slices.",
        ),
        parts.Metric(
            "Hospital gap",
            formats.points(facts.hospital_gap(run)).lstrip("+"),
            f"SD {formats.points(facts.spread(run)).lstrip('+')}" if facts.spread(run) is not None else "",
            help="Largest minus smallest test accuracy of the hospitals, in percentage points, and the standard "
            "deviation of all of them.",
        ),
    ]


def _slices(run: schema.Run) -> parts.Metric:
    held, used = facts.total_slices(run), facts.used_slices(run)
    rest = f"{used:,} used" if held is not None and used is not None and used != held else ""
    return parts.Metric("MRI slices", formats.whole(held), rest, help="Held by the hospitals; used by this run.")


def _class_mix(run: schema.Run) -> None:
    if not run.hospitals:
        st.caption(parts.NOT_RECORDED)
        return
    figure = network.class_mix(run.hospitals, parts.colours())
    parts.plot(figure, key="class_mix", alt="Slices of each class at each hospital; the table below says the same.")


def _accuracies(run: schema.Run, tests: Mapping[str, facts.TestFigures]) -> None:
    if not tests:
        st.caption(_why_no_tests(run))
        return
    figure = network.accuracy_intervals(tests, facts.overall_test(run), parts.colours())
    parts.plot(figure, key="tests", alt="Test accuracy of each hospital; the table below says the same.")
    st.caption(theme.markdown(facts.fairness_sentence(run)))


def _why_no_tests(run: schema.Run) -> str:
    if run.state == "running":
        return "The test follows the last round."
    if run.state in ("failed", "interrupted"):
        return "This run did not reach its test."
    return "Not recorded per hospital for this run."


def network_map(run: schema.Run, tests: Mapping[str, facts.TestFigures]) -> None:
    """Draw the map; a click on a dot chooses that hospital."""
    if st.session_state.get(CHOSEN) not in run.hospitals:
        st.session_state[CHOSEN] = min(run.hospitals, default=None)
    placed, colours = hospital_map.placed(run.hospitals), parts.colours()
    selected = st.session_state[CHOSEN]
    chart = hospital_map.draw(run.hospitals, tests, colours, names=run.hospital_names, selected=selected)

    def choose(dot: int) -> None:
        if 0 <= dot < len(placed):
            st.session_state[CHOSEN] = list(placed)[dot]

    told = partial(live.on_map, run, list(placed)) if live.is_followed(run) else None
    hospital_map.show(chart, colours, key=f"map-{run.run_id}-{len(placed)}", on_click=choose, now=told)
    outside = hospital_map.outside_coast(run.hospitals)
    if outside:
        st.caption(f"{theme.markdown(listed(outside))}: outside of the coast that is drawn.")


def _chosen_hospital(run: schema.Run, tests: Mapping[str, facts.TestFigures]) -> None:
    """Draw the facts of the chosen hospital; the list is the keyboard's way to choose one."""
    names = sorted(run.hospitals)
    if not names:
        return
    st.selectbox("Hospital", names, key=CHOSEN, help="Or click its dot.")
    body = run.hospitals[st.session_state[CHOSEN]]
    test = tests.get(body.name)
    specialty, dataset = body.specialty or "Specialty not recorded", body.dataset_id or formats.MISSING
    groups = f", in {body.group_count:,} groups of neighbours and duplicates" if body.group_count else ""
    lines = [
        f"{theme.markdown(specialty)} · data set {theme.markdown(dataset)}",
        f"{facts.slices(body)}{groups}",
    ]
    if patients := words.patients_sentence(body.patients):
        lines.append(theme.markdown(patients))
    if test is not None:
        lines.append(
            f"{facts.of_recipe(run, 'test accuracy')} **{formats.percent(test.accuracy)}** "
            f"({formats.interval(test.interval)}, {formats.whole(test.n_test)} slices)"
        )
    if body.missing_classes:
        lines.append(_missing(body.missing_classes))
    if body.unmatched_folders:
        lines.append(f"folders left out: {theme.markdown(listed(body.unmatched_folders))}")
    st.markdown("\n".join(f"- {line}" for line in lines))


def _missing(labels: Sequence[str]) -> str:
    """Say which classes a hospital has no slices of: "Has no tumour-free and no glioma slices"."""
    words = [f"no {'tumour-free' if label == 'notumor' else theme.class_title(label).lower()}" for label in labels]
    return f"Has {listed(words)} slices"


if __name__ == "__main__":
    draw()
