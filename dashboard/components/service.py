"""The model in service: which one answers, what another would change, how to put it there and how to take that back."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from common.artifacts.layout import WEIGHTS
from common.artifacts.schema import Run, Status
from common.artifacts.service_history import ROLL_BACK, Change, before, meta_in_service
from common.artifacts.values import count, text
from common.errors import ProjectError
from dashboard.charts import formats, theme
from dashboard.components import parts
from dashboard.data import cached, results
from dashboard.data.service import change as model_change
from dashboard.data.service import promotion
from dashboard.data.verdicts.verdict import Tone, Verdict

SAID = "promoted"
BY = "dashboard"
IN_SERVICE = "In service"
_FEW = 5  # runs whose splits are read for the verdict: each holds the index of every slice


def verdict(meta: Mapping[str, Any], changes: Sequence[Change], others: Sequence[Run]) -> Verdict:
    """Say which run answers on Predict, and whether another here is better on the same slices."""
    if not meta:
        return Verdict("caution", ("No model is in service, so Predict answers nothing.",), "Nothing answers")
    if not (cached.settings().output_dir / "models" / WEIGHTS).is_file():
        return Verdict("caution", (f"models/{WEIGHTS} is not there, so Predict answers nothing.",), "Nothing answers")
    last = _last(meta, changes)
    since = f" since {formats.when(last.at)}" if last else ""
    first = f"{_name(meta)} answers on Predict{since}, whichever run the other pages show."
    tone: Tone = "caution" if meta.get("synthetic") is True else "fine"
    rivals = [found for run in _rivals(served(meta), others) if (found := change_of(run, meta)).difference is not None]
    if not rivals:
        alone = ("No other run here was tested on the same slices.",) if others else ()
        return Verdict(tone, (first, *alone), IN_SERVICE)
    best = max(rivals, key=lambda each: each.difference or 0.0)
    return Verdict(tone, (first, model_change.sentence(best)), IN_SERVICE)


def _rivals(now: Run, others: Sequence[Run]) -> list[Run]:
    """Return the few best of the runs that may have tested on the same slices, or were compared in an evaluation."""
    found, _ = cached.evaluations(cached.settings().output_dir)
    alike = [r for r in others if model_change.likely_alike(r, now) or model_change.evaluated(r, now, found)]
    return sorted(alike, key=lambda run: _accuracy(run) or 0.0, reverse=True)[:_FEW]


def _accuracy(run: Run) -> float | None:
    found = results.overall_result(run)
    return found.accuracy.value if found else None


def served(meta: Mapping[str, Any]) -> Run:
    """Return the run in service; of one whose folder is not here (or of version 1), what ``models/`` says of it."""
    run_id = text(meta.get("run_id"))
    known = cached.runs([run_id]) if run_id else {}
    if run_id in known and known[run_id].meta.get("sha256") == meta.get("sha256"):
        return known[run_id]
    return Run(run_id or "version 1", cached.settings().output_dir / "models", Status(), {}, (), meta, ())


def change_of(run: Run, meta: Mapping[str, Any]) -> model_change.Change:
    """Compare a run with the model in service."""
    now, (found, _) = served(meta), cached.evaluations(cached.settings().output_dir)
    same = False
    if model_change.likely_alike(run, now) and now.run_id in cached.run_ids():
        same = model_change.same_test(*(cached.tested_slices(each.run_id) for each in (run, now)))
    return model_change.compare(run, now, found, same_slices=same)


def in_service(meta: Mapping[str, Any], changes: Sequence[Change], models: Path) -> None:
    """Draw which model answers on the Predict page, since when, by whom and why."""
    if not meta:
        st.markdown(":material/inbox: No model is in service. A run's model goes there when the run completes.")
        return
    sha256, last = text(meta.get("sha256")), _last(meta, changes)
    lines = [
        f"**{theme.markdown(_name(meta))}**",
        f"round {formats.whole(count(meta.get('best_epoch')))} · SHA-256 `{(sha256 or 'not recorded')[:12]}`",
    ]
    if last is not None:
        lines.append(f"since {formats.when(last.at)}, by {theme.markdown(last.who)}: {theme.markdown(last.reason)}")
    st.markdown("  \n".join(lines))
    if meta.get("synthetic") is True:
        st.warning("**SYNTHETIC**: this model was trained on drawn slices.", icon=":material/science:")
    if notice := text(meta.get("notice")):
        st.warning(theme.markdown(notice), icon=":material/warning:")
    if not (models / WEIGHTS).is_file():
        st.error(f"models/{WEIGHTS} is not there, so nothing can be predicted.", icon=":material/error:")


def roll_back(meta: Mapping[str, Any], changes: Sequence[Change]) -> None:
    """Draw the button that takes the last change back or, where this page may not write, its command."""
    if _last(meta, changes) is None:
        return
    earlier = before(changes)
    run = cached.runs([earlier]).get(earlier) if earlier else None
    if earlier is None:
        return
    why = promotion.why_not(run) if run else "Its folder is not here."
    if why:
        st.caption(f"{theme.markdown(earlier)} was in service before, and cannot be put back. {theme.markdown(why)}")
        return
    output_dir = cached.settings().output_dir
    if not parts.may_write("Rolling back"):
        parts.to_paste(promotion.command(earlier, output_dir, ROLL_BACK))
    elif st.button(f"Roll back to {earlier}", icon=":material/undo:", key="roll_back"):
        _put(output_dir, earlier, ROLL_BACK)


def form(ready: Sequence[Run], meta: Mapping[str, Any]) -> None:
    """Draw the choice of a run, what it would change, its command and, where allowed, the button."""
    output_dir = cached.settings().output_dir
    known, now = {run.run_id: run for run in ready}, text(meta.get("run_id"))
    first = next((i for i, run_id in enumerate(known) if run_id != now), 0)
    run_id = str(st.selectbox("Run", list(known), index=first, key="promote_run"))
    if meta and run_id != now:
        _changes(change_of(known[run_id], meta), _name(meta))
    elif meta:
        st.caption(f"{run_id} is in service already.")
    reason = st.text_input("Reason", key="promote_reason", max_chars=500, placeholder="better recall of meningioma")
    parts.to_paste(promotion.command(run_id, output_dir, reason.strip() or "..."))
    if not parts.may_write("Doing it"):
        return
    if st.button(f"Put {run_id} in service", icon=":material/publish:", type="primary", key="promote_now"):
        _put(output_dir, run_id, reason)


def _changes(change: model_change.Change, now: str) -> None:
    """Draw what a candidate would change."""
    st.markdown(f"**What changes.** {theme.markdown(model_change.sentence(change))}")
    rows = [
        {"": row.name, f"{now} (in service)": row.served, change.candidate: row.candidate, "Change": row.change}
        for row in change.rows
    ]
    parts.table(pd.DataFrame(rows), alt=f"What {change.candidate} would change.")
    st.caption(theme.markdown(change.how))


def _put(output_dir: Path, run_id: str, reason: str) -> None:
    from common.artifacts.service import put_in_service  # brings torch, which the page itself does without

    try:
        put_in_service(output_dir, run_id, reason=reason, by=BY)
    except ProjectError as error:
        st.error(theme.markdown(error.sentence), icon=":material/error:")
        return
    notice = text((meta_in_service(output_dir) or {}).get("notice"))
    st.session_state[SAID] = f"{run_id} is in service. {notice or ''}".strip()
    st.rerun()


def _name(meta: Mapping[str, Any]) -> str:
    return text(meta.get("run_id")) or "A run that is not recorded (files of version 1)"


def _last(meta: Mapping[str, Any], changes: Sequence[Change]) -> Change | None:
    """Return the change that put there what is there now; None if the history does not say."""
    return changes[-1] if changes and changes[-1].run_id == text(meta.get("run_id")) else None
