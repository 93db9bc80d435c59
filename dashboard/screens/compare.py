"""Compare: any number of runs beside each other, round by round; the choice is in the address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from common.artifacts.schema import Run
from dashboard.charts import compare, theme
from dashboard.components import address, chosen_run, comparison_details, parts, runs_table, verdict
from dashboard.data import cached, comparison, rounds, run_names
from dashboard.data.compared import curves, entries, table
from dashboard.data.compared.differences import Evidence
from dashboard.data.compared.entries import Entry
from dashboard.data.verdicts import compare as verdicts

ROWS = 12  # of a table before it scrolls, so that the chart stays near
EVERYWHERE = "All hospitals together"
APART = "Each hospital apart"


@dataclass(frozen=True)
class Choice:
    """What the visitor compares: runs, what is one line, the measure, the x axis, where, the baseline."""

    runs: Mapping[str, Run]
    settings: Mapping[str, Mapping[str, Any]]
    entries: Sequence[Entry]
    measure: rounds.Measure
    against: str
    where: str
    baseline: Entry | None

    @property
    def hospital(self) -> str | None:
        """The one hospital that is compared, None for all of them."""
        return None if self.where in (EVERYWHERE, APART) else self.where


def draw() -> None:
    """Draw the page."""
    parts.header("Compare runs")
    if not cached.all_keys():
        chosen_run.require()
    verdict_box = st.container()
    choice = _choose(runs_table.choose_runs())
    chosen_run.follow_all(choice.runs)
    _warnings(choice)
    if not choice.runs:
        parts.empty("No run is chosen. Tick some in the table above.")
    else:
        rows = table.rows(choice.entries, choice.measure, choice.baseline, choice.hospital, _evidence(choice))
        with verdict_box:
            verdict.draw(verdicts.verdict(rows, choice.baseline, choice.hospital))
        _best_table(choice, rows)
        _chart_card(choice)
        comparison_details.draw(choice.settings, choice.entries, choice.measure, choice.baseline, choice.hospital)


def _choose(runs: Mapping[str, Run]) -> Choice:
    """Draw how they are compared, and keep it in the address."""
    read = {key: cached.run_settings(key) for key in runs}
    settings = {key: body for key, (body, _) in read.items()}
    found = _entries(runs, settings)
    titles = {entry.key: entry.title for entry in found}
    left, middle, right, last = st.columns(4, vertical_alignment="bottom")
    if (line := _line_of(st.session_state.get("baseline", st.query_params.get("baseline")), found)) is not None:
        st.session_state["baseline"] = line
    baseline = _select(left, "Baseline", list(titles), _line_of(runs_table.first_baseline(runs), found), titles)
    measures = {key: measure.title for key, measure in rounds.MEASURES.items()}
    measure = _select(middle, "Measure", list(measures), "accuracy", measures)
    against = _select(right, "Against", list(curves.AGAINST), "round", curves.AGAINST)
    places = [EVERYWHERE, APART, *comparison.hospitals_of(list(runs.values()))]
    where = _select(last, "Where", places, EVERYWHERE)
    address.keep(baseline=baseline, measure=measure, against=against, where=None if where == EVERYWHERE else where)
    base = next((entry for entry in found if entry.key == baseline), None)
    return Choice(
        runs, settings, found, rounds.MEASURES[measure or "accuracy"], against or "round", where or EVERYWHERE, base
    )


def _entries(runs: Mapping[str, Run], settings: Mapping[str, Mapping[str, Any]]) -> list[Entry]:
    """Return what is one line each; where runs differ in their seed alone, ask whether they are one."""
    derived = run_names.titles(settings)  # only what differs between these few
    names = {key: cached.about(key).name or derived[key] for key in runs}
    apart = entries.entries(runs, settings, names, together=False)
    joined = entries.entries(runs, settings, names, together=True)
    if len(joined) == len(apart):
        address.keep(seeds=None)
        return apart
    st.session_state.setdefault("together", st.query_params.get("seeds") != "apart")
    together = st.toggle(
        "Seeds as one line",
        key="together",
        persist_state="session",
        help="Completed runs that differ in their seed alone are one line: the mean, in a band from lowest to highest.",
    )
    address.keep(seeds=None if together else "apart")
    return joined if together else apart


def _line_of(key: str | None, found: Sequence[Entry]) -> str | None:
    """Return the line that a run is part of; None where it is in none."""
    return next((entry.key for entry in found if key in entry.runs), None)


def _evidence(choice: Choice) -> Evidence:
    """Return what says whether runs were tested on the same slices."""
    slices = {key: cached.tested_slices(key) for key in choice.runs}
    return Evidence(slices, cached.evaluations(cached.settings().output_dir)[0])


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
        which = "all of these runs" if len(synthetic) == len(choice.runs) else ", ".join(synthetic)
        st.warning(f"**SYNTHETIC DATA** in {which}: a program drew the slices.", icon=":material/science:")
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


def _best_table(choice: Choice, rows: Sequence[table.Row]) -> None:
    """Draw each entry's test and its best (not its last) round, and how far both are from the baseline."""
    with parts.card("Test and best round"):
        written = table.written(rows, choice.measure, choice.baseline, choice.hospital)
        alt = "The test and the best round of each run, and how far they are from the baseline."
        parts.table(written.texts, alt=alt, rows=ROWS, tones=written.tones)
        with st.expander("How differences are judged"):
            st.markdown("\n".join(f"- {theme.markdown(each)}" for each in table.methods(rows, choice.baseline)))


def _chart_card(choice: Choice) -> None:
    caption = "Heavy = baseline." + " Band = lowest to highest seed." * any(e.repeated for e in choice.entries)
    with parts.card(f"{choice.measure.title} · {choice.where}", caption):
        _chart(choice)
        names = {key: cached.name(key) for key in choice.runs}
        parts.download(
            "Download CSV",
            lambda: comparison.csv(comparison.long_table(choice.runs, choice.settings, names)),
            "comparison.csv",
            key="comparison_csv",
        )


def _chart(choice: Choice) -> None:
    """Draw the curves; name the runs that recorded too little for them."""
    apart = choice.where == APART
    places = comparison.hospitals_of(list(choice.runs.values())) if apart else [choice.hospital]
    lines = {place: _lines(choice, place) for place in places}
    drawn = {line.key for found in lines.values() for line in found}
    left_out = [entry.title for entry in choice.entries if entry.key not in drawn]
    if left_out:
        st.caption(f"Recorded too little for this chart: {theme.markdown(', '.join(left_out))}.")
    if not drawn:
        return
    keys = tuple(entry.key for entry in choice.entries)
    base = choice.baseline.key if choice.baseline else None
    style = compare.Style(choice.measure, choice.against, parts.colours(), keys, base)
    if apart:
        figure = compare.small_charts({str(place): found for place, found in lines.items()}, style)
    else:
        figure = compare.curves(lines[places[0]], style)
    alt = f"{choice.measure.title} of each run; the tables say the same."
    parts.plot(figure, key="comparison", alt=alt, toolbar=True)


def _lines(choice: Choice, place: str | None) -> list[curves.Line]:
    found = [curves.line(entry, choice.measure, choice.against, place) for entry in choice.entries]
    return [line for line in found if line is not None]


if __name__ == "__main__":
    draw()
