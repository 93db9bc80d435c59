"""The pieces of the Models page: what is in service, and the form that changes it where the operator allows that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from common.artifacts.service_history import Change, meta_in_service
from common.artifacts.values import count, text
from common.errors import ProjectError
from dashboard import settings as operator
from dashboard.charts import formats
from dashboard.charts.theme import markdown
from dashboard.data import cached
from dashboard.data.versions import Version, command

SAID = "promoted"
BY = "dashboard"


def in_service(meta: Mapping[str, Any], changes: Sequence[Change], models: Path) -> None:
    """Draw which model answers on the Predict page, since when and why."""
    if not meta:
        st.markdown(":material/inbox: No model is in service. A run's model goes there when the run completes.")
        return
    run_id, sha256 = text(meta.get("run_id")), text(meta.get("sha256"))
    last = changes[-1] if changes and changes[-1].run_id == run_id else None
    lines = [
        f"**{markdown(run_id)}**" if run_id else "**A run that is not recorded** (files of version 1)",
        f"round {formats.whole(count(meta.get('best_epoch')))} · SHA-256 `{(sha256 or 'not recorded')[:12]}`",
    ]
    if last is not None:
        lines.append(f"since {formats.when(last.at)}, by {markdown(last.by)}: {markdown(last.reason)}")
    st.markdown("  \n".join(lines))
    if meta.get("synthetic") is True:
        st.warning("**SYNTHETIC**: this model was trained on drawn slices.", icon=":material/science:")
    if notice := text(meta.get("notice")):
        st.warning(markdown(notice), icon=":material/warning:")
    if not (models / "global_model.pth").is_file():
        st.error("models/global_model.pth is not there, so nothing can be predicted.", icon=":material/error:")


def promotion(found: Sequence[Version]) -> None:
    """Draw the command that puts a run in service and, where allowed, the form that does it."""
    settings = cached.settings()
    for version in found:
        if version.no_shared_model:
            st.caption(f"{version.run_id}: {markdown(version.no_shared_model)}")
    ready = [version.run_id for version in found if version.has_weights and not version.no_shared_model]
    if not ready:
        st.caption("No completed run has its weights here, so there is nothing to put in service.")
        return
    folded = st.expander("Choose a run and say why", icon=":material/publish:", key="promote", on_change="rerun")
    if folded.open:  # its command's box alone keeps the browser busy for a quarter of a second
        with folded:
            _form(found, ready, settings)


def _form(found: Sequence[Version], ready: Sequence[str], settings: operator.Settings) -> None:
    serving = {version.run_id for version in found if version.in_service}
    first = next((i for i, name in enumerate(ready) if name not in serving), 0)
    run_id = st.selectbox("Run", ready, index=first, key="promote_run")
    reason = st.text_input("Reason", key="promote_reason", max_chars=500, placeholder="better recall of meningioma")
    st.code(command(run_id, settings.output_dir, reason.strip() or "..."), language="bash", wrap_lines=True)
    if not operator.write_allowed(settings, st.get_option("server.address")):
        st.caption(
            "Doing it from this page is off. The operator switches it on with FL_DASH_ALLOW_WRITE=1, "
            "and only while the dashboard listens on the loopback address."
        )
        return
    if st.button(f"Put {run_id} in service", icon=":material/publish:", type="primary", key="promote_now"):
        _promote(settings.output_dir, run_id, reason)


def _promote(output_dir: Path, run_id: str, reason: str) -> None:
    from common.artifacts.service import put_in_service  # brings torch, which the page itself does without

    try:
        put_in_service(output_dir, run_id, reason=reason, by=BY)
    except ProjectError as error:
        st.error(markdown(error.sentence), icon=":material/error:")
        return
    notice = text((meta_in_service(output_dir) or {}).get("notice"))
    st.session_state[SAID] = f"{run_id} is in service. {notice or ''}".strip()
    st.rerun()


def said() -> None:
    """Draw what the last press of the button did."""
    sentence = st.session_state.pop(SAID, None)
    if sentence:
        st.success(sentence, icon=":material/check_circle:")
