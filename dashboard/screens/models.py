"""Models: the versions, the one in service, how it came to that, and how to change it."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from common.artifacts.schema import Run
from common.artifacts.service_history import Change, meta_in_service, read_changes
from common.artifacts.values import count, text
from common.errors import ProjectError
from dashboard import settings as operator
from dashboard.charts import formats, theme
from dashboard.components import chosen_run, parts
from dashboard.data import cached, facts

SAID = "promoted"
BY = "dashboard"


@dataclass(frozen=True)
class Version:
    """A completed run's model."""

    run_id: str
    round: int | None
    accuracy: formats.Share
    macro_f1: formats.Share
    sha256: str | None
    trained_at: str | None
    synthetic: bool
    pooled: bool
    """Whether slices left their hospitals for one loader."""
    no_shared_model: str | None
    """Why there is no model of all hospitals."""
    has_weights: bool
    """Whether ``global_model.pth`` is in the run's folder."""
    in_service: bool


def draw() -> None:
    """Draw the page."""
    parts.header("Models")
    output_dir = cached.settings().output_dir
    meta, problems = cached.service_meta()
    changes, unreadable = read_changes(output_dir)
    if sentence := st.session_state.pop(SAID, None):
        st.success(sentence, icon=":material/check_circle:")
    parts.problems(problems)
    with parts.card("In service", "This model answers on the Predict page."):
        _in_service(meta, changes, output_dir / "models")
    known = cached.run_ids()
    if not known:
        chosen_run.require()
    caption = "Every completed run's model. A better figure alone is no reason to change; see Analytics."
    with parts.card("Versions", caption):
        found = versions(cached.runs(chosen_run.page_of(known, "versions_page")), text(meta.get("run_id")))
        if found:
            st.dataframe(version_table(found), hide_index=True, width="stretch", key="versions")
        else:
            st.caption("No completed run is recorded here yet.")
    caption = "The model in service is kept until the new one is checked and whole."
    with parts.card("Put another one in service", caption):
        _promotion(found)
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
        macro_f1=test.macro_f1 if test else formats.Share(),
        sha256=text(run.meta.get("sha256")),
        trained_at=text(run.meta.get("trained_at")),
        synthetic=run.synthetic,
        pooled=run.pooled,
        no_shared_model=run.no_shared_model,
        has_weights=(run.folder / "global_model.pth").is_file(),
        in_service=run.run_id == in_service,
    )


def version_table(found: Sequence[Version]) -> pd.DataFrame:
    """Return one row a model."""
    return pd.DataFrame(
        {
            "Service": _service(version),
            "Run": version.run_id,
            "Round": formats.whole(version.round),
            "Test accuracy": formats.share(version.accuracy),
            "Macro F1": formats.share(version.macro_f1),
            "SHA-256": version.sha256[:12] if version.sha256 else formats.MISSING,
            "Trained": formats.when(version.trained_at),
            "Data": ("SYNTHETIC" if version.synthetic else "hospitals") + (", POOLED" if version.pooled else ""),
        }
        for version in found
    )


def _service(version: Version) -> str:
    if version.in_service:
        return "● in service"
    if version.no_shared_model:
        return "each hospital's own"
    return "possible" if version.has_weights else "weights not here"


def change_table(changes: Sequence[Change]) -> pd.DataFrame:
    """Return the history, the last change first."""
    return pd.DataFrame(
        {
            "When": formats.when(change.at),
            "Put in service": change.run_id,
            "Before": change.previous or formats.MISSING,
            "Reason": change.reason,
            "By": change.by,
            "SHA-256": change.sha256[:12] or formats.MISSING,
        }
        for change in reversed(changes)
    )


def command(run_id: str, output_dir: Path, reason: str = "...") -> str:
    """Return the command line that puts a run in service."""
    where = "" if output_dir == operator.ROOT else f" --output-dir {shlex.quote(str(output_dir))}"
    words = shlex.quote(reason) if reason != "..." else '"..."'
    return f"python -m server.promote {run_id} --reason {words}{where}"


def _in_service(meta: Mapping[str, Any], changes: Sequence[Change], models: Path) -> None:
    """Draw which model answers on the Predict page, since when and why."""
    if not meta:
        st.markdown(":material/inbox: No model is in service. A run's model goes there when the run completes.")
        return
    run_id, sha256 = text(meta.get("run_id")), text(meta.get("sha256"))
    last = changes[-1] if changes and changes[-1].run_id == run_id else None
    lines = [
        f"**{theme.markdown(run_id)}**" if run_id else "**A run that is not recorded** (files of version 1)",
        f"round {formats.whole(count(meta.get('best_epoch')))} · SHA-256 `{(sha256 or 'not recorded')[:12]}`",
    ]
    if last is not None:
        lines.append(f"since {formats.when(last.at)}, by {theme.markdown(last.by)}: {theme.markdown(last.reason)}")
    st.markdown("  \n".join(lines))
    if meta.get("synthetic") is True:
        st.warning("**SYNTHETIC**: this model was trained on drawn slices.", icon=":material/science:")
    if notice := text(meta.get("notice")):
        st.warning(theme.markdown(notice), icon=":material/warning:")
    if not (models / "global_model.pth").is_file():
        st.error("models/global_model.pth is not there, so nothing can be predicted.", icon=":material/error:")


def _promotion(found: Sequence[Version]) -> None:
    """Draw the command that puts a run in service and, where allowed, the form that does it."""
    for version in found:
        if version.no_shared_model:
            st.caption(f"{version.run_id}: {theme.markdown(version.no_shared_model)}")
    ready = [version for version in found if version.has_weights and not version.no_shared_model]
    if not ready:
        st.caption("No completed run has its weights here, so there is nothing to put in service.")
        return
    folded = st.expander("Choose a run and say why", icon=":material/publish:", key="promote", on_change="rerun")
    if folded.open:  # its command's box alone keeps the browser busy for a quarter of a second
        with folded:
            _form(ready)


def _form(ready: Sequence[Version]) -> None:
    output_dir = cached.settings().output_dir
    first = next((i for i, version in enumerate(ready) if not version.in_service), 0)
    run_id = st.selectbox("Run", [version.run_id for version in ready], index=first, key="promote_run")
    reason = st.text_input("Reason", key="promote_reason", max_chars=500, placeholder="better recall of meningioma")
    st.code(command(run_id, output_dir, reason.strip() or "..."), language="bash", wrap_lines=True)
    if not parts.may_write("Doing it"):
        return
    if st.button(f"Put {run_id} in service", icon=":material/publish:", type="primary", key="promote_now"):
        _promote(output_dir, run_id, reason)


def _promote(output_dir: Path, run_id: str, reason: str) -> None:
    from common.artifacts.service import put_in_service  # brings torch, which the page itself does without

    try:
        put_in_service(output_dir, run_id, reason=reason, by=BY)
    except ProjectError as error:
        st.error(theme.markdown(error.sentence), icon=":material/error:")
        return
    notice = text((meta_in_service(output_dir) or {}).get("notice"))
    st.session_state[SAID] = f"{run_id} is in service. {notice or ''}".strip()
    st.rerun()


if __name__ == "__main__":
    draw()
