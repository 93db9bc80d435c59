"""Models: the versions, the one in service, how it came to that, and how to change it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from common.artifacts.schema import Run
from common.artifacts.service_history import Change, read_changes
from common.artifacts.values import count, text
from dashboard.charts import formats, theme
from dashboard.components import chosen_run, parts, service, verdict
from dashboard.data import cached, facts
from dashboard.data.service import promotion

ROWS = 12  # of the table of versions before it scrolls


@dataclass(frozen=True)
class Version:
    """A completed run's model."""

    run_id: str
    round: int | None
    accuracy: formats.Share
    measured_with: str | None
    """The run whose test figures these are, where the model trained on every slice."""
    macro_f1: formats.Share
    sha256: str | None
    trained_at: str | None
    synthetic: bool
    pooled: bool
    """Whether slices left their hospitals for one loader."""
    no_shared_model: str | None
    """Why there is no model of all hospitals."""
    why_not: str | None
    """Why it cannot be put in service; None where it can."""
    in_service: bool


def draw() -> None:
    """Draw the page."""
    parts.header("Models")
    output_dir = cached.settings().output_dir
    meta, problems = cached.service_meta()
    changes, unreadable = read_changes(output_dir)
    if sentence := st.session_state.pop(service.SAID, None):
        st.success(sentence, icon=":material/check_circle:")
    parts.problems(problems)
    known = cached.run_ids()
    runs = cached.runs(known[: chosen_run.AT_ONCE])
    others = [run for run in promotion.promotable(runs.values()) if run.run_id != meta.get("run_id")]
    verdict.draw(service.verdict(meta, changes, others))
    with parts.card("In service", "This model answers on the Predict page."):
        service.in_service(meta, changes, output_dir / "models")
        service.roll_back(meta, changes)
    if not known:
        chosen_run.require()
    caption = "Every completed run's model. A better figure alone is no reason to change; see Analytics."
    with parts.card("Versions", caption):
        shown = cached.runs(chosen_run.page_of(known, "versions_page"))
        found = versions(shown, text(meta.get("run_id")))
        if found:
            texts = version_table(found, cached.run_index().title)
            parts.table(texts, alt="Every completed run's model.", rows=ROWS)
        else:
            st.caption("No completed run is recorded here yet.")
    caption = "The model in service is kept until the new one is checked and whole."
    with parts.card("Put another one in service", caption):
        _promotion(list(shown.values()), meta)
    with parts.card("History"):
        if unreadable:
            st.warning(f"{unreadable} lines of models/history.jsonl cannot be read.", icon=":material/report:")
        if changes:
            parts.table(change_table(changes), alt="Which model was put in service when, and why.", rows=8)
        else:
            st.caption("No change is recorded.")


def versions(runs: Mapping[str, Run], in_service: str | None) -> list[Version]:
    """Return the completed runs, in the order given."""
    return [_version(run, in_service) for run in runs.values() if run.state == "completed"]


def _version(run: Run, in_service: str | None) -> Version:
    test = facts.overall_test(run)  # as recorded: working figures out for two hundred runs would take a second
    return Version(
        run_id=run.run_id,
        round=count(run.meta.get("best_epoch")),
        accuracy=test.share if test else formats.Share(),
        measured_with=run.measured_with,
        macro_f1=test.macro_f1 if test else formats.Share(),
        sha256=text(run.meta.get("sha256")),
        trained_at=text(run.meta.get("trained_at")),
        synthetic=run.synthetic,
        pooled=run.pooled,
        no_shared_model=run.no_shared_model,
        why_not=promotion.why_not(run),
        in_service=run.run_id == in_service,
    )


def version_table(found: Sequence[Version], called: Callable[[str], str] = str) -> pd.DataFrame:
    """Return one row a model.

    Parameters
    ----------
    called : callable
        Returns what a run is called, by its number.
    """
    return pd.DataFrame(
        {
            "Service": _service(version),
            "Run": called(version.run_id),
            "Round": formats.whole(version.round),
            "Test accuracy": _tested(version),
            "Macro F1": formats.share(version.macro_f1),
            "SHA-256": version.sha256[:12] if version.sha256 else formats.MISSING,
            "Trained": formats.when(version.trained_at),
            "Data": ("SYNTHETIC" if version.synthetic else "hospitals") + (", POOLED" if version.pooled else ""),
        }
        for version in found
    )


def _tested(version: Version) -> str:
    own = formats.share(version.accuracy)
    return f"{own}, of {version.measured_with}" if version.measured_with else own


def _service(version: Version) -> str:
    if version.in_service:
        return "● in service"
    if version.no_shared_model:
        return "each hospital's own"
    if version.why_not == promotion.NO_WEIGHTS:
        return "weights not here"
    return "not possible" if version.why_not else "possible"


def change_table(changes: Sequence[Change]) -> pd.DataFrame:
    """Return the history, the last change first."""
    return pd.DataFrame(
        {
            "When": formats.when(change.at),
            "Put in service": change.run_id,
            "Before": change.previous or formats.MISSING,
            "Reason": change.reason,
            "By": change.who,
            "SHA-256": change.sha256[:12] or formats.MISSING,
        }
        for change in reversed(changes)
    )


def _promotion(runs: Sequence[Run], meta: Mapping[str, Any]) -> None:
    """Draw, folded, how another run's model is put in service; else why none can be."""
    for run in runs:
        if run.state == "completed" and run.no_shared_model:
            st.caption(f"{run.run_id}: {theme.markdown(run.no_shared_model)}")
    ready = promotion.promotable(runs)
    if not ready:
        st.caption("No completed run has its weights here, so there is nothing to put in service.")
        return
    folded = st.expander("Choose a run and say why", icon=":material/publish:", key="promote", on_change="rerun")
    if folded.open:  # its command's box alone keeps the browser busy for a quarter of a second
        with folded:
            service.form(ready, meta)


if __name__ == "__main__":
    draw()
