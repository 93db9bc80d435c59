"""PRE008: the slices, as a run is going to see them; fills the cache on the way."""

from __future__ import annotations

from clients.checks.outcome import Check, Situation
from common.audit.report import audit
from common.data.prepare import prepare
from common.errors import ProjectError

_SEED = 42


def _look(situation: Situation) -> tuple[str, str]:
    site = situation.site
    folder = site.data_root / site.hospital.path
    try:
        prepared = prepare(folder, site.hospital.class_map, situation.data, _SEED, site.cache_dir)
    except ProjectError as error:
        return "failed", f"{error.code}: {error.sentence.replace('data.root', f'data_root in {site.path.name}')}"
    train = len(prepared.split.train)
    situation.facts["train"] = train
    situation.facts["evaluate"] = len(prepared.split.val)
    if train < 2:
        return "failed", f"Only {train} slices are left to train on; python -m clients.audit says why."
    numbers = audit(prepared.evidence).numbers()
    severe = [finding for finding in numbers["audit"] if finding["severity"] != "info"]
    text = f"{numbers['total_samples']:,} usable slices, {train:,} to train on"
    if any(finding["severity"] == "error" for finding in severe):
        codes = ", ".join(finding["code"] for finding in severe)
        return "warning", f"{text}; the audit finds errors ({codes}): python -m clients.audit names the files."
    if severe:
        return "warning", f"{text}; {len(severe)} findings to look at: python -m clients.audit names the files."
    return "ok", f"{text}; nothing to complain of."


CHECK = Check("PRE008", "slices", _look)
