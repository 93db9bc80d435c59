"""Compare: any number of runs beside each other, round by round; the choice is in the address."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from common.artifacts.schema import Run
from dashboard.charts import compare, theme
from dashboard.components import address, chosen_run, parts, runs_table
from dashboard.data import cached, comparison, rounds

ROWS = 12  # of a table before it scrolls, so that the chart stays near
EVERYWHERE = "All hospitals together"
APART = "Each hospital apart"


@dataclass(frozen=True)
class Choice:
    """What the visitor compares: runs by key, the measure, the x axis, where, the baseline."""

    runs: Mapping[str, Run]
    measure: rounds.Measure
    against: str
    where: str
    baseline: str | None

    @property
    def hospital(self) -> str | None:
        """The one hospital that is compared, None for all of them."""
        return None if self.where in (EVERYWHERE, APART) else self.where


def draw() -> None:
    """Draw the page."""
    parts.header("Compare runs")
    known = cached.all_keys()
    if not known:
        chosen_run.require()
    choice = _choose()
    chosen_run.follow_all(choice.runs)
    _warnings(choice)
    if not choice.runs:
        parts.empty("No run is chosen. Choose some above, or tick them in the list below.")
    else:
        _best_table(choice)
        caption = "Heavy = baseline. The camera in the chart's corner saves a picture."
        with parts.card(f"{choice.measure.title} · {choice.where}", caption):
            _chart(choice)
            parts.download(
                "Download CSV",
                lambda: comparison.csv(comparison.long_table(choice.runs)),
                "comparison.csv",
                key="comparison_csv",
            )
        _details(choice)
    _every_run(known)


def _choose() -> Choice:
    """Draw the widgets, keep what they say in the address, load the runs."""
    runs = runs_table.choose_runs()
    left, middle, right, last = st.columns(4, vertical_alignment="bottom")
    baseline = _select(left, "Baseline", list(runs), runs_table.first_baseline(runs))
    titles = {key: measure.title for key, measure in rounds.MEASURES.items()}
    measure = _select(middle, "Measure", list(titles), "accuracy", titles)
    against = _select(right, "Against", list(comparison.AGAINST), "round", comparison.AGAINST)
    places = [EVERYWHERE, APART, *comparison.hospitals_of(list(runs.values()))]
    where = _select(last, "Where", places, EVERYWHERE)
    address.keep(
        baseline=baseline,
        measure=measure,
        against=against,
        where=None if where == EVERYWHERE else where,
    )
    return Choice(runs, rounds.MEASURES[measure or "accuracy"], against or "round", where or EVERYWHERE, baseline)


def _select(
    column: DeltaGenerator,
    label: str,
    options: list[str],
    default: str | None,
    titles: Mapping[str, str] | None = None,
) -> str | None:
    """Draw a choice whose key, in the address too, is its label in small letters."""
    address.seed_one(label.lower(), options, default)
    shown = titles or {}
    return column.selectbox(
        label, options, key=label.lower(), persist_state="session", format_func=lambda value: shown.get(value, value)
    )


def _warnings(choice: Choice) -> None:
    """Say whose figures may flatter, which runs ended early and why, and whose files could not be read in full."""
    if synthetic := [key for key, run in choice.runs.items() if run.synthetic]:
        st.warning(
            f"**SYNTHETIC DATA** in {', '.join(synthetic)}: a program drew the slices.", icon=":material/science:"
        )
    for key, run in choice.runs.items():
        if run.notice:
            st.warning(f"{theme.markdown(key)}: {theme.markdown(run.notice)}", icon=":material/warning:")
    if doubted := comparison.split_doubts(choice.runs):
        st.caption(
            f":material/balance: {theme.markdown(', '.join(doubted))}: nothing records that look-alike slices were "
            "kept on one side of the split, so these figures may flatter the model and are not like for like."
        )
    for key, run in choice.runs.items():
        if run.status.reason and run.state in ("failed", "interrupted"):
            st.caption(f":material/error: {theme.markdown(key)} {run.state}: {theme.markdown(run.status.reason)}")
        if run.problems:
            with st.expander(f"{key}: some files could not be read in full", icon=":material/report:"):
                parts.problems(run.problems)


def _best_table(choice: Choice) -> None:
    """Draw the best (not the last) value of each run and its difference to the baseline."""
    table = comparison.summary(choice.runs, choice.measure, choice.baseline, choice.hospital)
    caption = "Best, not last; the gap is between hospitals in that round. Differences are best to best."
    with parts.card("Best round of each run", caption):
        texts = comparison.summary_texts(table, choice.measure)
        parts.table(texts, alt="The best value of each run and its difference to the baseline.", rows=ROWS)


def _chart(choice: Choice) -> None:
    """Draw the curves; name the runs that recorded too little for them."""
    apart = choice.where == APART
    places = comparison.hospitals_of(list(choice.runs.values())) if apart else [choice.hospital]
    lines = {place: _lines(choice, place) for place in places}
    drawn = {line.key for found in lines.values() for line in found}
    left_out = [key for key in choice.runs if key not in drawn]
    if left_out:
        st.caption(f"Recorded too little for this chart: {theme.markdown(', '.join(left_out))}.")
    if not drawn:
        return
    style = compare.Style(choice.measure, choice.against, parts.colours(), tuple(choice.runs), choice.baseline)
    if apart:
        figure = compare.small_charts({str(place): found for place, found in lines.items()}, style)
    else:
        figure = compare.curves(lines[places[0]], style)
    alt = f"{choice.measure.title} of each run; the tables say the same."
    parts.plot(figure, key="comparison", alt=alt, toolbar=True)


def _lines(choice: Choice, place: str | None) -> list[comparison.Line]:
    found = [comparison.line(key, run, choice.measure, choice.against, place) for key, run in choice.runs.items()]
    return [line for line in found if line is not None]


def _details(choice: Choice) -> None:
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
        st.caption(f"Recorded no settings: {theme.markdown(', '.join(key for key in read if key not in recorded))}.")
    if not table.empty:
        parts.table(table, alt="Settings of each run.")
    elif recorded:
        st.caption("No setting differs." if len(recorded) > 1 else "There is nothing to compare it with.")


def _at_round(choice: Choice) -> None:
    """Draw every run's value at one round."""
    ends = [run.rounds[-1].number for run in choice.runs.values() if run.rounds]
    last = max(ends, default=0)
    if not last:
        st.caption("No run has a complete round.")
        return
    if "round" not in st.session_state:
        st.session_state["round"] = _whole(st.query_params.get("round", "")) or min(ends)
    st.session_state["round"] = max(1, min(st.session_state["round"], last))
    number = st.slider("Round", 1, last, key="round", persist_state="session") if last > 1 else 1
    address.keep(round=str(number))
    table = comparison.at_round(choice.runs, choice.measure, number, choice.baseline, choice.hospital)
    parts.table(table, alt=f"Each run at round {number}.")


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 7 else None


def _every_run(known: list[str]) -> None:
    """List every run with its best accuracy, to tick those to compare."""
    folded = st.expander(f"All runs ({len(known)})", icon=":material/list:", key="all_runs", on_change="rerun")
    if not folded.open:  # reading many runs takes a while
        return
    with folded:
        shown = cached.runs(chosen_run.page_of(known, "all_runs_page"))
        table = comparison.summary(shown, rounds.ACCURACY, None)
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


if __name__ == "__main__":
    draw()
