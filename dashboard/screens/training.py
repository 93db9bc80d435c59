"""Training: a run's rounds while they happen, and all of them afterwards."""

from datetime import UTC, datetime
from typing import Literal

import streamlit as st

from common.artifacts.privacy.guarantee import privacy_of
from common.artifacts.privacy.words import NOT_REPORTED
from common.artifacts.schema import Run
from dashboard.charts import formats, theme, training
from dashboard.components import chosen_run, live, parts, verdict
from dashboard.components.begin import run_buttons, start_form, starting
from dashboard.data import cached, logs, rounds
from dashboard.data import live as now
from dashboard.data.verdicts.training import interval, of_run
from dashboard.data.verdicts.verdict import apart

FEED_OPEN = 5
TAIL_LINES = 40
NOBODY_ASKED = "No hospital was asked to train: one loader took every hospital's slices."
NOTHING_UNUSUAL = "No update was more than three times as long as the median, or pointed away from the others."
PHASES = {
    "describe": "asking the hospitals what they hold",
    "train": "hospitals train",
    "evaluate": "hospitals evaluate",
    "test": "testing the best round",
    "cross-test": "testing each hospital's update everywhere",
    "fine-tune": "fine-tuning at each hospital",
}


def draw() -> None:
    """Draw the page."""
    parts.header("Training")
    if not cached.run_ids():
        _empty()
        return
    run = chosen_run.require()
    _progress(run)
    chosen_run.follow(run)
    verdict.draw(of_run(run, now.now_of(run), datetime.now(UTC)))
    run_buttons.draw(run)
    live.card(run)
    if not run.rounds:
        parts.empty("No round is complete yet." if run.state == "running" else "This run recorded no complete round.")
    else:
        parts.metrics(_headline(run))
        for column, measure in zip(st.columns(2, gap="medium"), rounds.recorded(run.rounds), strict=True):
            with column, parts.card(f"{measure.title} per round", "The grey band spans the hospitals."):
                figure = training.curves(run, measure, parts.colours())
                parts.plot(figure, key=measure.key, alt=f"{measure.title} per round; the table below says the same.")
        _inside_rounds(run)
    _log_tail(run)
    start_form.draw()


def _empty() -> None:
    """Draw the form that starts the first run."""
    starting.draw()
    st.markdown(":material/inbox: There is no run in this folder yet.")
    st.caption(f"Looked in {theme.markdown(str(cached.settings().output_dir / 'artifacts'))}")
    start_form.draw(unfolded=True)


def _progress(run: Run) -> None:
    """Draw the state, the progress bar and the expected end."""
    goes_on = run.state == "running" and not now.now_of(run).ended
    state = rounds.progress(run, datetime.now(UTC), goes_on=goes_on)
    extra: list[str] = []
    if goes_on:
        extra.append(PHASES.get(run.status.phase or "", "under way"))
        if state.expected_end is not None:
            end = formats.clock(state.expected_end)
            extra.append(f"about {formats.duration(state.seconds_left)} left, until {end}")
    elif run.status.started_at:
        extra.append(f"started {formats.when(run.status.started_at)}")
    taken = now.worked(run)
    if taken is not None and run.state != "running":  # else it is told below, second by second
        extra.append(formats.duration(taken))
    parts.status_line(run, extra=extra)
    if state.total and run.state != "completed" and run.status.rounds:
        st.progress(min(1.0, state.done / state.total))


def _headline(run: Run) -> list[parts.Metric]:
    """Return the figures of the last round beside those of the round before."""
    last, before = run.rounds[-1], run.rounds[-2] if len(run.rounds) > 1 else None
    best, (accuracy, loss) = rounds.ACCURACY.best(run.rounds), rounds.recorded(run.rounds)
    complete = "all replied" if len(last.replied) == len(last.asked) else "some missing"
    return [
        _against_before(f"Accuracy, round {last.number}", accuracy, last, before),
        _against_before(f"Loss, round {last.number}", loss, last, before),
        parts.Metric("Best accuracy", formats.percent(best[0] if best else None), f"round {best[1]}" if best else ""),
        parts.Metric("Replies", f"{len(last.replied)} of {len(last.asked)}", complete)
        if last.asked
        else parts.Metric("Replies", formats.MISSING),
        parts.Metric("Traffic", formats.size(_total(run, "bytes_total")), f"{formats.size(last.bytes_total)} a round"),
    ]


def _against_before(
    label: str, measure: rounds.Measure, last: rounds.Round, before: rounds.Round | None
) -> parts.Metric:
    now, then = measure.of(last), measure.of(before)
    if now is None or then is None or before is None:
        return parts.Metric(label, measure.write(now))
    return parts.Metric(
        label,
        measure.write(now),
        measure.write_change(now - then),
        help="Compared with the round before.",
        colour=_colour(measure, last, before),
    )


def _colour(measure: rounds.Measure, last: rounds.Round, before: rounds.Round) -> Literal["off", "normal", "inverse"]:
    """Return how a change is coloured: grey where it is none as shown, or where chance could be the reason.

    A loss has no interval of its own and goes by that of the accuracy.
    """
    now, then = measure.of(last), measure.of(before)
    shown = measure.write_change((now or 0.0) - (then or 0.0))
    if formats.is_nothing(shown) or not apart(interval(last), interval(before)):
        return "off"
    return "normal" if measure.percent else "inverse"


def _inside_rounds(run: Run) -> None:
    """Tell the rounds in words, and draw who replied, the seconds or the bytes; a tab is drawn once it is open."""
    drawn = {
        "In words": _words,
        "Who replied": _replies,
        "Updates": _updates,
        "Seconds": _seconds,
        "Traffic": _traffic,
        "Table": _table,
    }
    with parts.card("Inside each round", NOBODY_ASKED if run.pooled else None):
        tabs = st.tabs(list(drawn), key="inside_rounds", on_change="rerun")
        for tab, draw_tab in zip(tabs, drawn.values(), strict=True):
            if tab.open:  # each chart keeps the browser busy
                with tab:
                    draw_tab(run)


def _words(run: Run) -> None:
    recent = reversed(run.rounds[-FEED_OPEN:])
    st.markdown("\n".join(f"- **round {each.number}** · {rounds.in_words(each)}" for each in recent))
    if len(run.rounds) > FEED_OPEN:
        st.caption("The last rounds; all of them are in the tab Table.")
    failures = [
        f"- round {each.number}: {theme.markdown(text)}"
        for each in reversed(run.rounds)
        for text in rounds.failures_in_words(each)
    ]
    if failures:
        st.markdown("\n".join(["Who failed, and why:", "", *failures[:FEED_OPEN]]))
    if len(failures) > FEED_OPEN:
        with st.expander(f"{len(failures) - FEED_OPEN} earlier failures"):
            st.markdown("\n".join(failures[FEED_OPEN:]))


def _table(run: Run) -> None:
    if privacy_of(run, cached.run_settings(run.run_id)[0]).is_private:
        st.caption(NOT_REPORTED)
    st.dataframe(rounds.table(run), hide_index=True, width="stretch", key="round_table")


def _replies(run: Run) -> None:
    if run.pooled or not any(round_.asked for round_ in run.rounds):
        st.caption(parts.NOT_RECORDED)
        return
    st.caption("A dot is a reply, a cross a failure, nothing means not asked.")
    parts.plot(training.replies(run, parts.colours()), key="replies", alt="Which hospital replied in which round.")


def _updates(run: Run) -> None:
    """Show how long the hospitals' updates were and how far they agree; name the unusual ones."""
    if not any(part.update_norm is not None for round_ in run.rounds for part in round_.hospitals.values()):
        st.caption(parts.NOT_RECORDED)
        return
    unusual = rounds.unusual_in_words(run.rounds)
    st.markdown("\n".join(f"- {theme.markdown(each)}" for each in unusual) or NOTHING_UNUSUAL)
    for column, (title, figure, key) in zip(
        st.columns(2, gap="medium"),
        (
            (
                "Agreement: above 0 is the others' direction, below 0 is away from it.",
                training.update_cosines,
                "cosines",
            ),
            ("Length before clipping, in times the round's median.", training.update_lengths, "lengths"),
        ),
        strict=True,
    ):
        with column:
            st.caption(title)
            parts.plot(figure(run, parts.colours()), key=key, alt=f"{title} The log has the same figures.")


def _seconds(run: Run) -> None:
    if _total(run, "seconds") is None:
        st.caption(parts.NOT_RECORDED)
    else:
        parts.plot(training.seconds(run, parts.colours()), key="seconds", alt="Seconds of each round and hospital.")


def _traffic(run: Run) -> None:
    if _total(run, "bytes_total") is None:
        st.caption(parts.NOT_RECORDED)
    else:
        parts.plot(training.traffic(run, parts.colours()), key="traffic", alt="Megabytes of each round, both ways.")


def _log_tail(run: Run) -> None:
    with st.expander("End of the log", icon=":material/article:", expanded=run.state == "running"):
        st.caption("The last line first; the whole log is on the page Logs.")
        path = logs.log_path(cached.settings().output_dir, run.status.log)
        if path is None:
            st.caption("This run has no log here.")
            return
        lines = logs.read_tail(path, 40_000).splitlines()[: -TAIL_LINES - 1 : -1]
        with st.container(height=240, border=False):
            st.text("\n".join(lines) or "The log is empty.")  # st.code would fetch 1.5 MB of highlighting


def _total(run: Run, field: str) -> float | None:
    known = [value for round_ in run.rounds if (value := getattr(round_, field)) is not None]
    return sum(known) if known else None


if __name__ == "__main__":
    draw()
