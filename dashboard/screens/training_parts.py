"""The pieces of the Training page: progress, headline figures, what happened in each round, the log's end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from common.artifacts.schema import Run
from dashboard.charts import formats, training
from dashboard.charts.measures import ACCURACY
from dashboard.charts.theme import Palette, markdown
from dashboard.components import parts
from dashboard.data import cached, fairness, logs
from dashboard.data.progress import failures_in_words, in_words, progress

QUIET: dict[str, Any] = {"delta_color": "off", "delta_arrow": "off"}
FEED_OPEN = 5
TAIL_LINES = 40
NOBODY_ASKED = "No hospital was asked to train: one loader took every hospital's slices."
NOT_RECORDED = "Not recorded for this run."
PHASES = {
    "describe": "asking the hospitals what they hold",
    "train": "hospitals train",
    "evaluate": "hospitals evaluate",
    "test": "testing the best round",
}


def progress_lines(run: Run) -> None:
    """Draw the state, the progress bar and the expected end."""
    state = progress(run, datetime.now(UTC))
    extra: list[str] = []
    if run.state == "running" and not state.stale:
        extra.append(PHASES.get(run.status.phase or "", "under way"))
        if state.expected_end is not None:
            end = formats.clock(state.expected_end)
            extra.append(f"about {formats.duration(state.seconds_left)} left, until {end}")
    elif run.status.started_at:
        extra.append(f"started {formats.when(run.status.started_at)}")
    taken = _total(run, "seconds")
    if taken is not None:
        extra.append(f"{formats.duration(taken)} so far" if run.state == "running" else formats.duration(taken))
    parts.status_line(run, extra=extra)
    if state.total and run.state != "completed" and run.status.rounds:
        st.progress(min(1.0, state.done / state.total))


def headline(run: Run) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the figures of the last round beside those of the round before."""
    last = run.rounds[-1]
    before = run.rounds[-2] if len(run.rounds) > 1 else None
    best = ACCURACY.best(run.rounds)
    return [
        (
            f"Accuracy, round {last.number}",
            formats.percent(last.val_accuracy),
            _change(last.val_accuracy, before.val_accuracy if before else None, percent=True),
        ),
        (
            f"Loss, round {last.number}",
            formats.loss(last.val_loss),
            _change(last.val_loss, before.val_loss if before else None, percent=False),
        ),
        (
            "Best accuracy",
            ACCURACY.write(best[0] if best else None),
            {"delta": f"round {best[1]}", **QUIET} if best else {},
        ),
        (
            "Replies",
            f"{len(last.replied)} of {len(last.asked)}" if last.asked else formats.MISSING,
            {"delta": "all replied" if len(last.replied) == len(last.asked) else "some missing", **QUIET}
            if last.asked
            else {},
        ),
        (
            "Traffic",
            formats.size(_total(run, "bytes_total")),
            {"delta": f"{formats.size(last.bytes_total)} a round", **QUIET},
        ),
    ]


def inside_rounds(run: Run, colours: Palette) -> None:
    """Tell the rounds in words, and draw who replied, the seconds or the bytes; a tab is drawn once it is open."""
    drawn = {"In words": _words, "Who replied": _replies, "Seconds": _seconds, "Traffic": _traffic, "Table": _table}
    with parts.card("Inside each round", NOBODY_ASKED if run.pooled else None):
        tabs = st.tabs(list(drawn), key="inside_rounds", on_change="rerun")
        for tab, draw in zip(tabs, drawn.values(), strict=True):
            if tab.open:  # each chart keeps the browser busy
                with tab:
                    draw(run, colours)


def round_table(run: Run) -> pd.DataFrame:
    """Return every round as a row of texts, the last first."""
    return pd.DataFrame(
        {
            "Round": round_.number,
            "Train accuracy": formats.percent(round_.train_accuracy),
            "Train loss": formats.loss(round_.train_loss),
            "Val. accuracy": formats.percent(round_.val_accuracy),
            "Val. loss": formats.loss(round_.val_loss),
            "Val. macro F1": formats.percent(round_.val_macro_f1),
            **dict(zip(("Lowest hospital (val.)", "SD over hospitals"), fairness.of_round(round_), strict=True)),
            "Replied": f"{len(round_.replied)} of {len(round_.asked)}" if round_.asked else formats.MISSING,
            "Down": formats.size(round_.bytes_down),
            "Up": formats.size(round_.bytes_up),
            "Seconds": formats.duration(round_.seconds),
        }
        for round_ in reversed(run.rounds)
    )


def log_tail(run: Run) -> None:
    """Draw the end of the run's log."""
    with parts.card("End of the log", "The last line first; the whole log is on the page Logs."):
        path = logs.log_path(cached.settings().output_dir, run.status.log)
        if path is None:
            st.caption("This run has no log here.")
            return
        lines = logs.read_tail(path, 40_000).splitlines()[: -TAIL_LINES - 1 : -1]
        with st.container(height=240, border=False):
            st.text("\n".join(lines) or "The log is empty.")  # st.code would fetch 1.5 MB of highlighting


def _words(run: Run, _: Palette) -> None:
    st.markdown("\n".join(f"- **round {r.number}** · {in_words(r)}" for r in reversed(run.rounds[-FEED_OPEN:])))
    if len(run.rounds) > FEED_OPEN:
        st.caption("The last rounds; all of them are in the tab Table.")
    failures = [f"- round {r.number}: {markdown(text)}" for r in reversed(run.rounds) for text in failures_in_words(r)]
    if failures:
        st.markdown("\n".join(["Who failed, and why:", "", *failures[:FEED_OPEN]]))
    if len(failures) > FEED_OPEN:
        with st.expander(f"{len(failures) - FEED_OPEN} earlier failures"):
            st.markdown("\n".join(failures[FEED_OPEN:]))


def _table(run: Run, _: Palette) -> None:
    st.dataframe(round_table(run), hide_index=True, width="stretch", key="round_table")


def _replies(run: Run, colours: Palette) -> None:
    if run.pooled or not any(round_.asked for round_ in run.rounds):
        st.caption(NOT_RECORDED)
        return
    st.caption("A dot is a reply, a cross a failure, nothing means not asked.")
    parts.plot(training.replies(run, colours), key="replies", alt="Which hospital replied in which round.")


def _seconds(run: Run, colours: Palette) -> None:
    if _total(run, "seconds") is None:
        st.caption(NOT_RECORDED)
    else:
        parts.plot(training.seconds(run, colours), key="seconds", alt="Seconds of each round and hospital.")


def _traffic(run: Run, colours: Palette) -> None:
    if _total(run, "bytes_total") is None:
        st.caption(NOT_RECORDED)
    else:
        parts.plot(training.traffic(run, colours), key="traffic", alt="Megabytes of each round, both ways.")


def _change(now: float | None, before: float | None, *, percent: bool) -> dict[str, Any]:
    if now is None or before is None:
        return {}
    text = formats.points(now - before) if percent else f"{now - before:+.3f}"
    return {"delta": text, "delta_color": "normal" if percent else "inverse", "help": "Beside the round before."}


def _total(run: Run, field: str) -> float | None:
    known = [value for round_ in run.rounds if (value := getattr(round_, field)) is not None]
    return sum(known) if known else None
