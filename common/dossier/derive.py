"""Everything in a dossier but the recorded files themselves: made of them alone, so that it can be made again."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from common.artifacts.layout import CARD, CONFIG
from common.artifacts.run_files import versions
from common.artifacts.values import mapping, text
from common.dossier.checklists.claim import CLAIM
from common.dossier.checklists.tripod import TRIPOD
from common.dossier.evidence import Evidence
from common.dossier.figures.all import all_figures
from common.dossier.figures.figure import SYNTHETIC, cell, csv_file
from common.dossier.items import NOT_RECORDED, Checklist, Row, answer_all
from common.dossier.page import page
from common.files import json_file, read_text

README = Path(__file__).with_name("readme.md")
NO_CARD = "This run left no model card.\n"
_FORMAT = 1


def derived(evidence: Evidence) -> dict[str, bytes]:
    """Return each file's path in the dossier and its content; the same evidence gives the same bytes."""
    figures = all_figures(evidence)
    checklists = answered(evidence)
    environment, synthetic = _environment(evidence), evidence.run.synthetic
    made = {f"figures/{each.name}.svg": each.svg for each in figures}
    made |= {f"figures/{each.name}.csv": csv_file(each, synthetic=synthetic) for each in figures}
    made |= {f"{each.key}.csv": _checklist_file(rows, synthetic) for each, rows in checklists.items()}
    made[CARD] = evidence.card or NO_CARD.encode()
    made["environment.json"] = json_file(environment)
    made["index.html"] = page(evidence, figures, checklists, environment, _settings(evidence))
    made["README.md"] = _readme(evidence, checklists)
    return made


def answered(evidence: Evidence) -> dict[Checklist, list[Row]]:
    """Return each checklist with its answers."""
    return {checklist: answer_all(checklist, evidence) for checklist in (CLAIM, TRIPOD)}


def _checklist_file(rows: Sequence[Row], synthetic: bool) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["item", "section", "asks", "answered_by", "answer", "a_person_must_write", "files", "slices"])
    for row in rows:
        item, at = row.item, "; ".join(f"{path} sha256:{digest}" for path, digest in row.files)
        said = row.answer.text if row.answer else NOT_RECORDED if item.answer else ""
        kind = SYNTHETIC if synthetic else "hospitals"
        words = [item.number, item.section, item.asks, item.who.value, said, item.person, at, kind]
        writer.writerow([cell(word) for word in words])
    return file.getvalue().encode()


def _environment(evidence: Evidence) -> dict[str, Any]:
    """Return what the run was computed with, as it recorded that itself."""
    status, meta, compute = evidence.run.status, evidence.meta, evidence.part("compute")
    return {
        "dossier_format": _FORMAT,
        "written_by_version": versions()["project"],
        "slices": SYNTHETIC if evidence.run.synthetic else "hospitals",
        "versions": dict(mapping(meta.get("versions")) or status.versions) or "not recorded",
        "packages": dict(status.packages) or "not recorded",
        "platform": dict(status.environment) or "not recorded",
        "commit": status.environment.get("commit") or "not recorded",
        "device": text(meta.get("device")) or "not recorded",
        "precision": text(meta.get("precision")) or "not recorded",
        "engine": text(meta.get("engine")) or status.engine or "not recorded",
        "threads_of_each_hospital": compute.get("threads") or "shared out by the machine's cores",
        "cores": compute.get("cores") or "not recorded",
    }


def _settings(evidence: Evidence) -> str:
    try:
        return read_text(evidence.run.folder / CONFIG)
    except (OSError, ValueError):
        return ""


def _readme(evidence: Evidence, checklists: Mapping[Checklist, Sequence[Row]]) -> bytes:
    lines = [
        f"- {checklist.title} {row.item.number}: {row.item.person}"
        for checklist, rows in checklists.items()
        for row in rows
        if row.item.person
    ]
    values = {
        "synthetic": f"{SYNTHETIC}: " if evidence.run.synthetic else "",
        "run_id": evidence.run.run_id,
        "person": "\n".join(lines),
    }
    return Template(README.read_text(encoding="utf-8")).substitute(values).encode()
