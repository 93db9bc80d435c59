"""Sections of Analytics: how much worse the model is elsewhere, and the yardsticks that a run measured."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from common.artifacts.external import load
from common.artifacts.external.comparison import (
    Compared,
    compared_rows,
    comparison_sentences,
    reference_of,
)
from common.artifacts.external.paired_words import interval_points, p_text
from common.artifacts.external.words import beginning, compared, copies, skipped
from common.artifacts.schema import Run
from common.artifacts.words import cautions_of
from dashboard.charts import elsewhere, formats, theme
from dashboard.components import parts
from dashboard.data import cached

COMMAND = "python -m server.evaluate {run} hospitals=[...]"


def draw(run: Run) -> None:
    """Draw what was measured of a run's model beside its own test; nothing where the run shares no model."""
    if run.no_shared_model or not run.meta:
        return
    if run.meta.get("init"):
        st.caption(theme.markdown(beginning(run.meta)))
    found, problems = cached.evaluations(run.folder.parent.parent)
    own = [each for each in found if each.meta.get("of") == run.run_id]
    with parts.card("How much worse elsewhere?", "External validation: hospitals that did not train the model."):
        parts.problems(problems)
        if not own:
            st.caption("This model was evaluated nowhere but at its own hospitals. Where it was not trained:")
            parts.to_paste(COMMAND.format(run=run.run_id))
        for evaluation in own:
            _evaluation(evaluation)
    _cross_matrix(load.cross_matrix(run.meta))
    _fine_tuned(run)


def _evaluation(evaluation: load.Evaluation) -> None:
    """Draw one evaluation: its sentence, and the figures beside those of the run's own test."""
    home = load.at_home(evaluation)
    at = formats.when(str(evaluation.meta.get("evaluated_at") or ""))
    st.markdown(f"**{evaluation.evaluation_id}** · {at}")
    if evaluation.meta.get("synthetic") is True:
        st.badge("Synthetic slices", icon=":material/science:", color="violet")
    for sentence in (compared(evaluation.meta), skipped(evaluation.meta), copies(evaluation.meta)):
        if sentence:
            st.markdown(theme.markdown(sentence))
    for caution in cautions_of(evaluation.meta):
        st.markdown(f"- :material/warning: {theme.markdown(f'{caution.code}: {caution.sentence}')}")
    figure = elsewhere.accuracies(evaluation.hospitals, home, parts.colours())
    alt = "Accuracy at each hospital and in the run's own test"
    parts.plot(figure, key=evaluation.evaluation_id, alt=f"{alt}; the table says the same.")
    parts.table(evaluation_table([*evaluation.hospitals, home]), alt=f"{alt}, as figures.")
    _comparison(evaluation)


def _comparison(evaluation: load.Evaluation) -> None:
    other, rows = reference_of(evaluation.meta), compared_rows(evaluation.meta)
    if not other or not rows:
        return
    run = str(evaluation.meta.get("of"))
    st.markdown(theme.markdown(f"Beside the model of {other}, on the same cases:"))
    for sentence in comparison_sentences(evaluation.meta):
        st.markdown(f"- {theme.markdown(sentence)}")
    parts.table(comparison_table(rows, run, other), alt=f"{run} and {other} on the same cases.")


def comparison_table(rows: Sequence[Compared], run: str, other: str) -> pd.DataFrame:
    """Return one row for patients, for slices and for each class of both."""
    return pd.DataFrame(
        {
            "On": f"{row.of}, {row.name}" if row.name else row.of,
            "Cases": formats.whole(row.cases),
            run: formats.percent(row.accuracy),
            other: formats.percent(row.reference_accuracy),
            "Difference": f"{formats.points(row.difference)} ({interval_points(row.interval)})",
            f"Only {run} right": formats.whole(row.only_this),
            f"Only {other} right": formats.whole(row.only_reference),
            "McNemar's p": p_text(row.p),
            "Verdict": row.verdict,
        }
        for row in rows
    )


def evaluation_table(rows: Sequence[load.Measured]) -> pd.DataFrame:
    """Return one row a place: which slices, how many, accuracy and macro F1."""
    return pd.DataFrame(
        {
            "Where": row.name,
            "Slices": formats.whole(row.slices),
            "Which": row.part,
            "Accuracy": formats.share(formats.Share(row.accuracy, row.interval)),
            "Macro F1": formats.percent(row.macro_f1),
        }
        for row in rows
    )


def _cross_matrix(matrix: load.Matrix | None) -> None:
    if matrix is None:
        return
    caption = f"Each hospital's update of round {matrix.round} on each hospital's test slices, before it was averaged."
    with parts.card("Every hospital's own model everywhere", caption):
        if not matrix.models:
            st.caption(theme.markdown(matrix.reason or parts.NOT_RECORDED))
            return
        alt = "Accuracy of each hospital's update at each hospital"
        parts.plot(elsewhere.heat_map(matrix, parts.colours()), key="cross", alt=f"{alt}; the table says the same.")
        parts.table(matrix_table(matrix), alt=f"{alt}, as figures.")


def matrix_table(matrix: load.Matrix) -> pd.DataFrame:
    """Return one row an update, one column a hospital, with intervals; the shared model is the last row."""
    named = zip([*matrix.models, elsewhere.SHARED], [*matrix.cells, matrix.shared], strict=True)
    return pd.DataFrame({"Model": name, **_cells(row)} for name, row in named)


def _cells(row: Sequence[load.Measured]) -> dict[str, str]:
    return {cell.name: formats.share(formats.Share(cell.accuracy, cell.interval)) for cell in row}


def _fine_tuned(run: Run) -> None:
    tuned = load.fine_tuned(run.meta)
    if not tuned:
        return
    rounds = run.meta["fine_tuned"].get("rounds")
    caption = (
        f"The model trained on by each hospital for itself ({rounds} rounds), on its own test slices; it stays there."
    )
    with parts.card("What would fine-tuning at home gain?", caption):
        parts.table(tuned_table(run, tuned), alt="Each hospital's accuracy before and after fine-tuning.")


def tuned_table(run: Run, tuned: Sequence[load.Measured]) -> pd.DataFrame:
    """Return one row a hospital: the shared model, the fine-tuned one, and the difference."""
    shared = {cell.name: cell for cell in load.tested(run.meta)}
    rows = []
    for row in tuned:
        before = shared.get(row.name, load.Measured(row.name, None))
        known = row.accuracy is not None and before.accuracy is not None
        rows.append(
            {
                "Hospital": row.name,
                "Test slices": formats.whole(row.slices),
                "Shared model": formats.share(formats.Share(before.accuracy, before.interval)),
                "Fine-tuned": formats.share(formats.Share(row.accuracy, row.interval)),
                "Difference": formats.points((row.accuracy or 0) - (before.accuracy or 0) if known else None),
            }
        )
    return pd.DataFrame(rows)
