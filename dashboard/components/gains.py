"""The card "Who gains, who loses": where a run's figures come from, the picture, the figures, the page for a board."""

from collections.abc import Iterator
from datetime import datetime

import streamlit as st

from common.artifacts.schema import Run
from common.config.overrides import overrides_of
from common.study.records import Study
from common.text import command_line
from dashboard.charts import gain as charts
from dashboard.charts import theme
from dashboard.components import parts
from dashboard.data import cached
from dashboard.data.gains import figures as gain
from dashboard.data.gains import words as gain_words

TITLE = "Who gains, who loses"
CAPTION = (
    "From each hospital's own model (circle) to the shared one (diamond), on that hospital's own test slices. "
    "Grey: too close to tell."
)
_AT_ONCE = 200  # runs among which the hospitals' own models are looked for
_FEW = 5  # runs whose splits are read: each holds the index of every slice
_OF_ITS_OWN = (  # settings of a federation, or of one run
    *("strategy", "privacy", "wire", "resume", "init", "compare", "in_service", "keep_updates", "study"),
    *("cross_matrix", "fine_tune_rounds"),
)


def card(run: Run) -> None:
    """Draw who gains from a run's model, or how to find out; nothing before the run is tested."""
    if run.state != "completed" or not run.metrics.get("per_hospital") or run.pooled or run.measured_with:
        return
    with parts.card(TITLE, CAPTION):
        found = of_run(run)
        if found is not None and found.rows:
            draw(found, key="gain")
            _board(run, found)
        elif run.strategy == gain.LOCAL:
            st.caption("This run is each hospital's own model. Choose a run with a shared one to see who gains.")
        else:
            _how_to_get(run)


def of_run(run: Run) -> gain.Gains | None:
    """Find what a run is measured against: the newest study that it is part of, else the hospitals' own models."""
    for study_id in cached.study_ids()[:_AT_ONCE]:
        study = cached.study(study_id)
        cell = gain.cell_of(study, run.run_id)
        if cell is not None and not study.problems:
            shared = cell.cell.strategy
            return gain.of_study(study, shared if gain.is_shared(shared) else None)
    if not run.strategy or not gain.is_shared(run.strategy):
        return None
    return next((found for found in _against_own(run) if not found.unlike), None)


def _against_own(run: Run) -> Iterator[gain.Gains]:
    """Yield the run against each run of the hospitals' own models on the same test slices."""
    alone = [key for key in cached.run_ids()[:_AT_ONCE] if cached.strategy(key) == gain.LOCAL]
    seed = run.meta.get("seed")
    alike = [own for own in cached.runs(alone).values() if own.state == "completed" and own.meta.get("seed") == seed]
    for own in alike[:_FEW]:
        slices = [cached.tested_slices(key) for key in (run.run_id, own.run_id)]
        if same := {*gain.same_test_slices(*slices)} & {*run.hospitals}:
            yield gain.of_runs(run, own, same)


def draw(found: gain.Gains, *, key: str, say: bool = True) -> None:
    """Draw the picture, the figures and what they rest on.

    Parameters
    ----------
    say : bool
        Whether the card says its verdict and folds its figures: not where the page itself is about them.
    """
    if found.synthetic:
        st.badge("SYNTHETIC", icon=":material/science:", color="violet")
    if say:
        st.markdown(f"**{theme.markdown(gain_words.verdict(found))}**")
    figure = charts.arrows(found, parts.colours())
    parts.plot(figure, key=key, alt="Test accuracy of each hospital's own model and of the shared one.")
    if say:
        folded = st.expander("The figures", icon=":material/table_chart:", key=f"{key}_figures", on_change="rerun")
        if folded.open:
            with folded:
                _table(found)
    else:
        _table(found)
    st.caption(theme.markdown(f"{found.source}. {found.how}"))
    if found.unlike:
        st.warning(theme.markdown(gain_words.unlike_sentence(found)), icon=":material/balance:")


def _table(found: gain.Gains) -> None:
    parts.table(gain_words.table(found), alt="Who gains and who loses, as figures.")


def _board(run: Run, found: gain.Gains) -> None:
    """Draw the button that hands out the page for a board."""

    def made() -> bytes:
        from dashboard.reports.board import board_pdf  # brings reportlab, which the page does without

        return board_pdf(run, found, datetime.now().astimezone())

    parts.download("One page for the board", made, f"board-{run.run_id}.pdf", key="board")


def _how_to_get(run: Run) -> None:
    st.caption(
        "Not known: no study here includes this run, and no run of each hospital's own model, trained alike, was "
        "tested on the same slices."
    )
    folded = st.expander("How to find out", icon=":material/help:", key="gain_how", on_change="rerun")
    if folded.open:  # composing the settings takes half a second
        with folded:
            st.markdown("Train each hospital's own model with the settings of this run:")
            parts.to_paste(own_command(run))
            st.markdown("Or, over several seeds, which tells more:")
            parts.to_paste("python -m server.study experiment=worth_it")


def own_command(run: Run) -> str:
    """Return the command that trains each hospital's own model with the rest of a run's settings."""
    settings = cached.run_settings(run.run_id)[0]
    rest = {key: value for key, value in settings.items() if key not in _OF_ITS_OWN}
    try:
        told = overrides_of({**rest, "strategy": {"name": gain.LOCAL}})
    except Exception:  # settings of another version, which this one cannot compose
        told = [f"strategy={gain.LOCAL}", "..."]
    told = [each for each in told if not each.startswith("output_dir=")]
    program = "server.run" if run.status.engine == "superlink" else "server.simulate"
    return f"python -m {program} {command_line(*told)}"


def study_card(study: Study) -> None:
    """Draw who gains by a study; nothing where it ran without one of the two models."""
    found = gain.of_study(study)
    if found is None:
        return
    with parts.card(TITLE, CAPTION):
        draw(found, key="gain", say=False)
        cells = study.seeds_of(study.federated or "").values()
        runs = cached.runs([cell.run_id for cell in cells if cell.run_id])
        if runs:  # the first seed's stands for all: what left a hospital does not hang on it
            _board(next(iter(runs.values())), found)
