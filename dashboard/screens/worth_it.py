"""Worth it: a board's three questions, answered from a study, with what the answers rest on."""

from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from common.metrics.fairness import exclusive_classes
from common.study import answers, site, statistics, uncertainty
from common.study.records import COMPLETED, INCOMPLETE, LOCAL, POOLED, Study
from common.text import listed
from dashboard.charts import formats, labels, theme
from dashboard.charts import study as charts
from dashboard.components import address, gains, parts, verdict
from dashboard.components.study import unseen
from dashboard.data import cached, study_tables
from dashboard.data.verdicts.worth_it import of_study
from dashboard.settings import LIVE_SECONDS

COMMAND = "python -m common.phantoms --out dataset/phantoms\npython -m server.study experiment=worth_it"


def draw() -> None:
    """Draw the page."""
    parts.header("Was joining worth it?")
    study, of = _choose()
    if study.state == "running":
        _follow(study.study_id, cached.study_stamp(study.study_id))
    _status(study)
    if study.cells:
        verdict.draw(of_study(study))
        unseen.draw(study)
        gains.study_card(study)
        own, pooled, sure = answers.answers(study)
        _answer(own, LOCAL, partial(_against, study, LOCAL, "each hospital's own", of))
        _answer(pooled, POOLED, partial(_against, study, POOLED, "pooled training", of))
        _answer(sure, "sure")
        _folded("Every strategy at every hospital", "strategies", partial(_strategies, study, of))
        _further(study, of)


def _choose() -> tuple[Study, statistics.Measure]:
    """Draw the two choices, kept in the address; end the page with an empty state if there is no study."""
    known = cached.study_ids()
    if not known:
        parts.empty(
            "There is no study in this folder yet. A study runs strategies x seeds and answers a board's questions:",
            COMMAND,
        )
        st.stop()
    asked = st.query_params.get("study")
    if "study" not in st.session_state and asked and asked not in known:
        st.warning(f"{theme.markdown(asked[:40])} is not here, showing {known[0]}.", icon=":material/search_off:")
    titles = study_tables.measure_titles()
    address.seed_one("study", known, known[0])
    address.seed_one("figure", list(titles), "accuracy")
    left, right = st.columns(2)
    chosen = left.selectbox("Study", known, key="study", help="Newest first; kept in the address.")
    figure = right.selectbox("Charts show", list(titles), key="figure", format_func=lambda key: titles[key])
    address.keep(study=chosen, figure=figure if figure != "accuracy" else None)
    return cached.study(str(chosen)), study_tables.measure(str(figure))


def _status(study: Study) -> None:
    """Draw what the study is, where it stands, what is missing and what to type to go on."""
    if study.synthetic:
        st.warning("**SYNTHETIC DATA.** A program drew the slices of this study; nothing here is about patients.")
    parts.problems(study.problems)
    done = len(study.planned) - len(study.unfinished)
    told = [
        f"**{study.study_id}**",
        *([theme.markdown(study.name)] if study.name else []),
        theme.markdown(listed([formats.strategy(name) for name in study.strategies]) or "no strategy"),
        statistics.seeds(len(study.seeds)),
        *([f"{study.folds} folds"] if study.folds else []),
        f"{done} of {len(study.planned)} runs done",
        f"last written {formats.when(study.updated_at)}",
    ]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if study.state == INCOMPLETE:
            st.badge("Incomplete", icon=":material/pending:", color="orange")
        else:
            parts.badge(study.state)
        st.markdown(" · ".join(told), width="stretch")
    if study.unfinished:
        st.warning(theme.markdown(uncertainty.missing(study)), icon=":material/pending:")
    if study.state != COMPLETED and study.command:
        st.caption("The same command goes on with it:")
        parts.to_paste(study.command)


def _answer(found: answers.Answer, key: str, draw_figures: Callable[[], None] | None = None) -> None:
    """Draw a question as a heading, its answer in one sentence, and folded below it what it rests on."""
    st.subheader(found.question, anchor=False)
    st.markdown(f"**{theme.markdown(found.headline)}**")
    if found.lines:
        _folded("What this rests on", key, partial(_rests_on, found.lines, draw_figures))


def _rests_on(lines: Sequence[str], draw_figures: Callable[[], None] | None) -> None:
    st.markdown("\n".join(f"- {theme.markdown(labels.shown(line))}" for line in lines))
    if draw_figures is not None:
        draw_figures()


def _strategies(study: Study, of: statistics.Measure) -> None:
    """Draw every strategy at every hospital."""
    rows, title = study_tables.strategy_rows(study, of), study_tables.measure_titles()[of.key]
    of_what = f"all {study.folds} folds together" if study.folds else "the test slices"
    with parts.card(f"{title} on {of_what}", "Mean over seeds with its 95 % interval. Hollow: one seed."):
        figure = _figure(charts.strategies, rows, f"{title} (%)")
        alt = f"{title} of each strategy at each hospital"
        _chart_and_table(figure, study_tables.pivot(rows), "strategies", alt)


def _against(study: Study, baseline: str, words: str, of: statistics.Measure) -> None:
    """Draw the federated strategy against a baseline, paired by seed; nothing where one of them was not run."""
    rows, title = study_tables.difference_rows(study, baseline, of), study_tables.measure_titles()[of.key]
    if not rows:
        return
    paired = "fold and seed" if study.folds else "seed"
    with parts.card(
        f"{title}: shared minus {words}",
        f"Paired by {paired}, with 95 % intervals; right of zero the shared model is better. Hollow: not decided.",
    ):
        figure = _figure(charts.differences, rows, f"{title}, difference (points)")
        alt = f"Difference in {title.lower()} to {words} at each hospital"
        _chart_and_table(figure, study_tables.difference_table(rows), f"against_{baseline}", alt)


def _further(study: Study, of: statistics.Measure) -> None:
    """Draw what a board asks next, folded: the questions that the study can answer, and the runs behind it."""
    if rows := study_tables.brought_rows(study, of):
        _folded("What does each hospital bring to the others?", "brought", partial(_brought, study, rows, of))
    if held := exclusive_classes(study.class_counts):
        _folded("Site or disease?", "site", partial(_site_or_disease, study, held))
    _folded("The runs behind it", "runs", partial(_runs, study))


def _folded(title: str, key: str, draw_inside: Callable[[], None]) -> None:
    folded = st.expander(title, key=f"study_{key}", on_change="rerun")
    if folded.open:  # each chart and each table keeps the browser busy
        with folded:
            draw_inside()


def _brought(study: Study, rows: Sequence[study_tables.Row], of: statistics.Measure) -> None:
    title = study_tables.measure_titles()[of.key]
    with parts.card(
        f"{title} of the others: with this hospital minus without it",
        answers.MEANING + " Hatched: not decided.",
    ):
        figure = _figure(charts.contributions, rows, f"{title}, difference (points)")
        alt = f"What each hospital brings to the others' {title.lower()}"
        _chart_and_table(figure, study_tables.brought_table(study, of), "brought", alt)


def _site_or_disease(study: Study, held: Sequence[tuple[str, str]]) -> None:
    """Draw, for each class that one hospital holds alone, whether the model knows the class or the hospital."""
    for label, hospital in held:
        title = theme.class_title(label)
        with parts.card(
            f"{title} is held by {theme.markdown(hospital)} alone: how often a slice is called {title}",
            "A model that knows only the site is where the crosses are; one that knows the class has 100 % in the "
            "first row and 0 % in the others. Told apart: first row minus second; pulled by the site: second minus "
            "third.",
        ):
            rows = study_tables.site_rows(study, label, hospital)
            table = study_tables.site_table(study, label, hospital)
            figure = _figure(charts.strategies, rows, f"Called {title} (%)")
            _chart_and_table(figure, table, f"site_{label}", f"How often slices are called {title}")
            st.caption(f"{theme.markdown(study_tables.site_sentence(study, label, hospital) or '')} {site.LIMITS}")


def _runs(study: Study) -> None:
    parts.table(study_tables.cell_table(study), alt="The runs of the study.", rows=12)


@st.fragment(run_every=LIVE_SECONDS)
def _follow(study_id: str, drawn: object) -> None:
    """Draw the page again when the study's file has changed."""
    if cached.study_stamp(study_id) != drawn:
        st.rerun()


def _figure(chart: Callable[..., go.Figure], rows: Sequence[study_tables.Row], axis: str) -> go.Figure | None:
    """Draw a chart; None where no row has a figure yet."""
    return chart(rows, axis, parts.colours()) if any(row.estimate for row in rows) else None


def _chart_and_table(figure: go.Figure | None, table: pd.DataFrame, key: str, alt: str) -> None:
    if figure is None:
        st.caption("No seed has the runs that this needs yet.")
        return
    parts.plot(figure, key=key, alt=f"{alt}; the table says the same.")
    parts.table(table, alt=f"{alt}, as figures.")


if __name__ == "__main__":
    draw()
