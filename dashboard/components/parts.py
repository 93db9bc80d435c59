"""Header, cards, banners and empty states: what every page is put together from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from common.artifacts.schema import UNRECORDED, Run
from common.errors import Problem
from dashboard.charts import formats
from dashboard.charts.theme import Palette, markdown, palette

STATE_BADGES: dict[str, tuple[str, str, str]] = {
    "running": ("Running", ":material/progress_activity:", "blue"),
    "completed": ("Completed", ":material/check_circle:", "green"),
    "failed": ("Failed", ":material/error:", "red"),
    "interrupted": ("Interrupted", ":material/pause_circle:", "orange"),
    UNRECORDED: ("State not recorded", ":material/help:", "gray"),
}
TOOLBAR: dict[str, Any] = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d"],
    "toImageButtonOptions": {"format": "png", "scale": 2},
}


def colours() -> Palette:
    """Return the palette of the theme that this visitor sees."""
    return palette(st.context.theme.type)


def header(
    title: str, caption: str = "Research use only. Not a medical device; not for diagnosis or treatment."
) -> None:
    """Draw a page's title and the sentence that never goes away."""
    st.title(title, anchor=False)
    st.caption(caption)


def badge(state: str) -> None:
    """Draw a run's state as word, icon and colour."""
    label, icon, colour = STATE_BADGES.get(state, STATE_BADGES[UNRECORDED])
    st.badge(label, icon=icon, color=colour)  # type: ignore[arg-type]


def synthetic_banner(run: Run) -> None:
    """Say in large words that a run's slices are drawn."""
    if run.synthetic:
        st.warning(
            "**SYNTHETIC DATA.** A program drew the slices of this run; its figures say nothing about patients.",
            icon=":material/science:",
        )


def notice_banner(run: Run) -> None:
    """Say what a run itself wants known before its figures are believed."""
    if run.notice:
        st.warning(markdown(run.notice), icon=":material/warning:")


def problems(found: Sequence[Problem]) -> None:
    """Say what could not be read, one sentence each, the first few open and the rest folded."""
    if not found:
        return
    lines = "\n".join(f"- {markdown(problem.sentence)}" for problem in found[:5])
    st.warning(f"Some of this run's files could not be read in full:\n{lines}", icon=":material/report:")
    if len(found) > 5:
        with st.expander(f"{len(found) - 5} more"):
            st.markdown("\n".join(f"- {markdown(problem.sentence)}" for problem in found[5:]))


def empty(sentence: str, command: str | None = None) -> None:
    """Draw the card of a page that has nothing to show yet, with the command that changes that."""
    with st.container(border=True):
        st.markdown(f":material/inbox: {sentence}")
        if command:
            st.code(command, language="bash")


@contextmanager
def card(title: str, caption: str | None = None) -> Iterator[None]:
    """Frame a chart or a table under its title."""
    with st.container(border=True):
        st.markdown(f"**{title}**")
        if caption:
            st.caption(caption)
        yield


def plot(figure: go.Figure, *, key: str, alt: str, toolbar: bool = False) -> None:
    """Draw a figure as wide as its card.

    Parameters
    ----------
    figure : plotly Figure
        From `dashboard.charts`.
    key : str
        Unique on the page.
    alt : str
        What it shows, for a screen reader.
    toolbar : bool
        Whether the figure's toolbar, which saves it as ``<key>.png``, is always there or only under the pointer.
    """
    # Streamlit hands each chart over twice; with these two, Plotly sees that it is the same and does not draw it again
    figure.layout.template, figure.layout.datarevision = None, 1
    picture = {**TOOLBAR["toImageButtonOptions"], "filename": key}
    config = {**TOOLBAR, "toImageButtonOptions": picture, **({"displayModeBar": True} if toolbar else {})}
    st.plotly_chart(figure, width="stretch", theme=None, key=key, config=config, alt=alt)


def metrics(cells: Sequence[tuple[str, str, dict[str, Any]]]) -> None:
    """Draw figures in a row of equal cards that wraps on a narrow screen.

    Parameters
    ----------
    cells : sequence of (label, value, options)
        `options` go to `st.metric`, for example ``{"delta": "+2.8 pp", "help": "…"}``.
    """
    with st.container(horizontal=True, gap="small"):
        for label, value, options in cells:
            st.metric(label, value, border=True, height="stretch", width="stretch", **options)


def status_line(run: Run, *, extra: Sequence[str] = ()) -> None:
    """Draw the run's state and, in words, where it stands."""
    status = run.status
    done = run.rounds[-1].number if run.rounds else 0
    rounds = f"round {done} of {status.rounds}" if status.rounds else f"{len(run.rounds)} rounds recorded"
    parts = [f"**{run.run_id}**", markdown(formats.strategy(run.strategy)), rounds, *extra]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        badge(run.state)
        st.markdown(" · ".join(parts), width="stretch")
    if status.reason and run.state in ("failed", "interrupted"):
        if run.state == "failed":
            st.error(f"This run failed after round {done}: {markdown(status.reason)}", icon=":material/error:")
        else:
            st.warning(f"Interrupted after round {done}: {markdown(status.reason)}", icon=":material/pause_circle:")
    if status.resume_command and run.state in ("failed", "interrupted"):
        st.caption("Go on with it after its last complete round:")
        st.code(status.resume_command, language="bash")
    if run.state in ("completed", "failed") and status.missing_hospitals:
        names = markdown(formats.listed(status.missing_hospitals))
        st.warning(f"{names} missed at least one round of this run.", icon=":material/group_off:")
