"""The pieces of the Compare page: its choices, the table of best values, the chart, settings, one round, exports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from common.artifacts.schema import Run
from dashboard.charts import compare
from dashboard.charts.measures import MEASURES, Measure
from dashboard.charts.theme import Palette, markdown
from dashboard.components import address, parts, text_table
from dashboard.data import cached, comparison

FIRST_RUNS = 4
ROWS = 12  # of a table before it scrolls, so that the chart stays near
EVERYWHERE = "All hospitals together"
APART = "Each hospital apart"


@dataclass(frozen=True)
class Choice:
    """What the visitor compares: runs by key, the measure, the x axis, where, the baseline."""

    runs: Mapping[str, Run]
    measure: Measure
    against: str
    where: str
    baseline: str | None

    @property
    def hospital(self) -> str | None:
        """The one hospital that is compared, None for all of them."""
        return None if self.where in (EVERYWHERE, APART) else self.where


def choose(known: list[str]) -> Choice:
    """Draw the widgets, keep what they say in the address, load the runs."""
    absent = address.seed_many("runs", known, known[:FIRST_RUNS])
    if absent:
        names = ", ".join(markdown(name[:40]) for name in absent[:5])
        st.warning(f"{names} is not here and was left out.", icon=":material/search_off:")
    keys = st.multiselect("Runs", known, key="runs", persist_state="session", placeholder="Choose runs")
    runs = cached.runs(keys)
    left, middle, right, last = st.columns(4, vertical_alignment="bottom")
    baseline = _select(left, "Baseline", "baseline", list(runs), next(iter(reversed(list(runs))), None))
    measure = _select(
        middle, "Measure", "measure", list(MEASURES), "accuracy", {k: m.title for k, m in MEASURES.items()}
    )
    against = _select(right, "Against", "against", list(comparison.AGAINST), "round", comparison.AGAINST)
    places = [EVERYWHERE, APART, *comparison.hospitals_of(list(runs.values()))]
    where = _select(last, "Where", "where", places, EVERYWHERE)
    address.keep(
        runs=",".join(runs) or None,
        baseline=baseline,
        measure=measure,
        against=against,
        where=None if where == EVERYWHERE else where,
    )
    return Choice(runs, MEASURES[measure or "accuracy"], against or "round", where or EVERYWHERE, baseline)


def troubles(choice: Choice) -> None:
    """Say whose figures may flatter, which runs ended early and why, and whose files could not be read in full."""
    doubted = comparison.split_doubts(choice.runs)
    if doubted:
        st.caption(
            f":material/balance: {markdown(', '.join(doubted))}: no record that look-alike slices stand on one side of "
            "the split, so these figures may flatter the model and are not like for like."
        )
    for key, run in choice.runs.items():
        if run.status.reason and run.state in ("failed", "interrupted"):
            st.caption(f":material/error: {markdown(key)} {run.state}: {markdown(run.status.reason)}")
        if run.problems:
            with st.expander(f"{key}: some files could not be read in full", icon=":material/report:"):
                parts.problems(run.problems)


def best_table(choice: Choice) -> None:
    """Draw the best (not the last) value of each run and its difference to the baseline."""
    table = comparison.summary(choice.runs, choice.measure, choice.baseline, choice.hospital)
    with parts.card(
        "Best round of each run", "Best, not last; the gap is between hospitals in it. Differences are best to best."
    ):
        texts = comparison.summary_texts(table, choice.measure)
        text_table.draw(texts, alt="The best value of each run and its difference to the baseline.", rows=ROWS)


def chart(choice: Choice, colours: Palette) -> None:
    """Draw the curves; name the runs that recorded too little for them."""
    keys, measure, against = list(choice.runs), choice.measure, choice.against
    common = {"keys": keys, "baseline": choice.baseline}
    places = comparison.hospitals_of(list(choice.runs.values())) if choice.where == APART else [choice.hospital]
    lines = {
        place: [
            drawn for key, run in choice.runs.items() if (drawn := comparison.line(key, run, measure, against, place))
        ]
        for place in places
    }
    drawn_keys = {drawn.key for found in lines.values() for drawn in found}
    left_out = [key for key in keys if key not in drawn_keys]
    if left_out:
        st.caption(f"Recorded too little for this chart: {markdown(', '.join(left_out))}.")
    if not drawn_keys:
        return
    if choice.where == APART:
        by_name = {str(place): found for place, found in lines.items()}
        figure = compare.small_charts(by_name, measure, against, colours, **common)  # type: ignore[arg-type]
    else:
        figure = compare.curves(lines[places[0]], measure, against, colours, **common)  # type: ignore[arg-type]
    parts.plot(figure, key="comparison", alt=f"{measure.title} of each run; the tables say the same.", toolbar=True)


def details(choice: Choice) -> None:
    """Draw what was set differently, or all runs at one round; a tab is drawn once it is open."""
    names = ["What was set differently", "All runs at one round"]
    st.session_state.setdefault("details", names["round" in st.query_params])
    with st.container(border=True):
        settings, at_round = st.tabs(names, key="details", on_change="rerun")
        if settings.open:  # each table keeps the browser busy
            address.keep(round=None)
            with settings:
                _settings(choice)
        if at_round.open:
            with at_round:
                _at_round(choice)


def _settings(choice: Choice) -> None:
    """Draw the runs' settings, only the differing ones unless asked otherwise."""
    only = st.toggle("Only differences", value=True, key="only_differences", persist_state="session")
    read = {key: cached.run_settings(key) for key in choice.runs}
    parts.problems([problem for _, found in read.values() for problem in found])
    table = comparison.settings_table({key: body for key, (body, _) in read.items()}, only_differences=only)
    recorded = [key for key, (body, _) in read.items() if body]
    if len(recorded) < len(read):
        st.caption(f"Recorded no settings: {markdown(', '.join(key for key in read if key not in recorded))}.")
    if not table.empty:
        text_table.draw(table, alt="Settings of each run.")
    elif recorded:
        st.caption("No setting differs." if len(recorded) > 1 else "There is nothing to compare it with.")


def _at_round(choice: Choice) -> None:
    """Draw every run's value at one round."""
    ends = [run.rounds[-1].number for run in choice.runs.values() if run.rounds]
    last = max(ends, default=0)
    if not last:
        st.caption("No run has a complete round.")
        return
    asked = st.query_params.get("round", "")
    if "round" not in st.session_state:
        st.session_state["round"] = _whole(asked) or min(ends)
    st.session_state["round"] = max(1, min(st.session_state["round"], last))
    number = st.slider("Round", 1, last, key="round", persist_state="session") if last > 1 else 1
    address.keep(round=str(number))
    table = comparison.at_round(choice.runs, choice.measure, number, choice.baseline, choice.hospital)
    text_table.draw(table, alt=f"Each run at round {number}.")


def every_run(known: list[str]) -> None:
    """List every run with its best accuracy, to tick those to compare."""
    folded = st.expander(f"All runs ({len(known)})", icon=":material/list:", key="all_runs", on_change="rerun")
    with folded:
        if not folded.open:  # many runs are read only for whom wants to see them
            return
        table = comparison.summary(cached.runs(known), MEASURES["accuracy"], None)
        event = st.dataframe(
            table.drop(columns=["Difference", "Gap", "Test"]),
            hide_index=True,
            width="stretch",
            height=320,
            key="every_run",
            placeholder="–",
            on_select="rerun",
            selection_mode="multi-row",
            column_config={
                "Best": st.column_config.NumberColumn("Best validation accuracy", format="%.1f %%"),
                "Test accuracy": st.column_config.NumberColumn(format="%.1f %%"),
            },
        )
        ticked = [str(table["Run"].iloc[row]) for row in event.selection.rows]
        st.button(
            f"Compare the {len(ticked)} ticked runs" if ticked else "Tick runs to compare them",
            disabled=not ticked,
            on_click=lambda: st.session_state.update(runs=ticked),
            key="compare_ticked",
        )


def exports(choice: Choice) -> None:
    """Offer every figure as CSV; the picture comes from the chart's own toolbar, drawn in the browser."""
    st.download_button(
        "Download CSV",
        data=lambda: comparison.csv(comparison.long_table(choice.runs)),
        file_name="comparison.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="comparison_csv",
    )


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 7 else None


def _select(
    column: object,
    label: str,
    key: str,
    options: list[str],
    default: str | None,
    titles: Mapping[str, str] | None = None,
) -> str | None:
    address.seed_one(key, options, default)
    return column.selectbox(  # type: ignore[attr-defined]
        label, options, key=key, persist_state="session", format_func=lambda value: (titles or {}).get(value, value)
    )
