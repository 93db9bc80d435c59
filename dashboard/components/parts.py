"""Header, cards, banners, charts, tables and empty states: what every page is put together from."""

import mimetypes
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from common.artifacts.schema import UNRECORDED, Run
from common.errors import Problem
from common.text import listed
from dashboard import settings as operator
from dashboard.charts import as_table, formats, theme
from dashboard.components.mounted import mounted
from dashboard.data import cached, facts, live
from dashboard.data.begin import commands

STATE_BADGES: dict[str, tuple[str, str, str]] = {
    "running": ("Running", ":material/progress_activity:", "blue"),
    "completed": ("Completed", ":material/check_circle:", "green"),
    "failed": ("Failed", ":material/error:", "red"),
    "interrupted": ("Interrupted", ":material/pause_circle:", "orange"),
    "ended": ("Process ended", ":material/error:", "red"),
    UNRECORDED: ("State not recorded", ":material/help:", "gray"),
}
TOOLBAR: dict[str, Any] = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d", "toImage"],
}
NOT_RECORDED = "Not recorded for this run."
ROW_PIXELS = 33
TABLE_ROWS = 12  # of a chart's table before it scrolls
_TITLE: ContextVar[str] = ContextVar("the title of the card that is drawn", default="")
# Streamlit's own table brings Arrow to the page, and a Markdown parser to each cell
_TOOLS = '<div class="chart-tools"><button>Table</button><button>SVG</button><button>PNG</button></div>'
_mount_table = mounted("text_table", "table", '<div class="text-table" tabindex="0"></div>')  # a keyboard scrolls it
_mount_tools = mounted("chart_tools", "chart", _TOOLS)


@dataclass(frozen=True)
class Metric:
    """One figure in a row of cards."""

    label: str
    value: str
    note: str = ""
    """Below the value; a dash is left out."""
    help: str | None = None
    colour: Literal["off", "normal", "inverse"] = "off"
    """Of the note: grey, or as a change of which more ("normal") or less ("inverse") is better."""


def colours() -> theme.Palette:
    """Return the palette of the theme that this visitor sees; a hospital has one colour in it on every page."""
    return replace(theme.palette(st.context.theme.type), slots=cached.hospital_slots())


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


def banners(run: Run) -> None:
    """Say what must be known before a run's figures are believed, and what of its files could not be read."""
    if run.synthetic:
        st.warning(
            "**SYNTHETIC DATA.** A program drew the slices of this run; its figures say nothing about patients.",
            icon=":material/science:",
        )
    if run.notice:
        st.warning(theme.markdown(run.notice), icon=":material/warning:")
    problems(run.problems)


def held_by_one_warning(run: Run) -> None:
    """Warn where a class is held by one hospital only."""
    for label, hospital in facts.held_by_one(run):
        st.warning(
            f"**{theme.class_title(label)}** slices exist only at {theme.markdown(hospital)}. The model could learn "
            "that hospital's scanner instead of the finding, and the hospitals' accuracies are not like for like.",
            icon=":material/balance:",
        )


def problems(found: Sequence[Problem]) -> None:
    """Say what could not be read, one sentence each, the first few open and the rest folded."""
    if not found:
        return
    lines = [f"- {theme.markdown(problem.sentence)}" for problem in found]
    first = "\n".join(lines[:5])
    st.warning(f"Some of this run's files could not be read in full:\n{first}", icon=":material/report:")
    if len(lines) > 5:
        with st.expander(f"{len(lines) - 5} more"):
            st.markdown("\n".join(lines[5:]))


def empty(sentence: str, command: str | None = None) -> None:
    """Draw the card of a page that has nothing to show yet, with the command that changes that."""
    with st.container(border=True):
        st.markdown(f":material/inbox: {sentence}")
        if command:
            to_paste(command)


def to_paste(command: str) -> None:
    """Draw commands that begin with ``python -m``, one a line, so that they can be pasted into any terminal."""
    st.code(commands.here(command, cached.settings().output_dir), language="bash", wrap_lines=True)


@contextmanager
def card(
    title: str, caption: str | None = None, *, help: str | None = None, level: Literal[2, 3] = 2
) -> Iterator[None]:
    """Frame a chart or a table under its title; `help`, such as a method, is shown on demand.

    The title is a heading: of level 3 where the page's parts have headings of their own.
    """
    with st.container(border=True):
        (st.header if level == 2 else st.subheader)(title, anchor=False, help=help)
        if caption:
            st.caption(caption)
        outer = _TITLE.set(title)
        try:
            yield
        finally:
            _TITLE.reset(outer)


def plot(figure: go.Figure, *, key: str, alt: str, toolbar: bool = False) -> None:
    """Draw a figure as wide as its card, with a text for screen readers.

    Below it are its figures as a table, and the picture under the card's title as ``<key>.svg`` and ``<key>.png``.
    """
    # Streamlit hands each chart over twice; with these two, Plotly sees that it is the same and does not draw it again
    figure.layout.template, figure.layout.datarevision = None, 1
    config = {**TOOLBAR, "displayModeBar": True} if toolbar else TOOLBAR
    st.plotly_chart(figure, width="stretch", theme=None, key=key, config=config, alt=alt)
    state, title = f"tools: {key}", _TITLE.get() or alt
    data = {"title": title, "file": key, "open": bool(st.session_state.get(state, {}).get("open"))}
    if _mount_tools(key=state, data=data, on_open_change=lambda: None).get("open"):
        table(as_table.table(figure), alt=f"{title}, as a table", rows=TABLE_ROWS)


def table(
    texts: pd.DataFrame, *, alt: str, rows: int | None = None, tones: Mapping[tuple[int, str], str] | None = None
) -> None:
    """Draw a table of texts whole: nothing cut off, read out by a screen reader, every sign as it is written.

    The first column names the row; `alt` is unique on the page; with more than `rows` rows it scrolls.

    Parameters
    ----------
    tones : mapping, optional
        Row and column to ``better``, ``worse``, ``muted`` or ``best``: a look for what the text says as well.
    """
    names, palette = [str(name) for name in texts.columns], colours()
    data = {
        "alt": alt,
        "columns": names,
        "rows": [[str(text) for text in row] for row in texts.itertuples(index=False)],
        "height": None if rows is None or len(texts) <= rows else ROW_PIXELS * (rows + 1),
        "tones": [[row, names.index(column), tone] for (row, column), tone in (tones or {}).items()],
        "colours": {"better": palette.gain, "worse": palette.loss, "muted": palette.muted},
    }
    _mount_table(key=f"table: {alt}", data=data)


def metrics(cells: Sequence[Metric]) -> None:
    """Draw figures in a row of equal cards that wraps on a narrow screen."""
    with st.container(horizontal=True, gap="small"):
        for cell in cells:
            st.metric(
                cell.label,
                cell.value,
                cell.note if cell.note != formats.MISSING and cell.note else None,
                delta_color=cell.colour,
                delta_arrow="off" if cell.colour == "off" else "auto",
                help=cell.help,
                border=True,
                height="stretch",
                width="stretch",
            )


def download(
    label: str, data: bytes | str | Callable[[], bytes], name: str, *, key: str, help: str | None = None
) -> None:
    """Draw a button that hands a file over; one that is a function is made when the button is pressed."""
    icons = {"pdf": "picture_as_pdf", "md": "description", "csv": "download", "zip": "folder_zip"}
    ending = name.rpartition(".")[2]
    mime, icon = (
        ("text/markdown" if ending == "md" else mimetypes.types_map[f".{ending}"]),
        f":material/{icons[ending]}:",
    )
    st.download_button(label, data=data, file_name=name, mime=mime, icon=icon, on_click="ignore", key=key, help=help)


def may_write(what: str) -> bool:
    """Whether this page may start runs and change the model in service; says how to allow `what` if not."""
    if operator.write_allowed(cached.settings(), st.get_option("server.address")):
        return True
    st.caption(
        f"{what} from this page is off. The operator switches it on with FL_DASH_ALLOW_WRITE=1, "
        "and only while the dashboard listens on the loopback address."
    )
    return False


def status_line(run: Run, *, extra: Sequence[str] = ()) -> None:
    """Draw the run's state and, in words, where it stands."""
    status = run.status
    done = run.rounds[-1].number if run.rounds else 0
    rounds = f"round {done} of {status.rounds}" if status.rounds else f"{len(run.rounds)} rounds recorded"
    name, given = cached.name(run.run_id), cached.about(run.run_id).name
    said = [formats.strategy(run.strategy)] if name in (run.run_id, given) else []  # the derived one begins with it
    named = [name for name in (name,) if name != run.run_id] + said
    told = [f"**{run.run_id}**", *map(theme.markdown, named), rounds, *extra]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        badge(live.state_of(run))
        st.markdown(" · ".join(told), width="stretch")
    if run.state in ("failed", "interrupted"):
        reason = f" after round {done}: {theme.markdown(status.reason or '')}"
        if status.reason and run.state == "failed":
            st.error(f"This run failed{reason}", icon=":material/error:")
        elif status.reason:
            st.warning(f"Interrupted{reason}", icon=":material/pause_circle:")
        if status.resume_command:
            st.caption("Go on with it after its last complete round:")
            to_paste(status.resume_command)
    if run.state in ("completed", "failed") and status.missing_hospitals:
        names = theme.markdown(listed(status.missing_hospitals))
        st.warning(f"{names} missed at least one round of this run.", icon=":material/group_off:")
