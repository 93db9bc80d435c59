"""``model_card.md``: what a stranger must know of a model, from ``model_meta.json`` and a template alone."""

import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from common.artifacts import words
from common.artifacts.card_tables import PATIENTS, cell, class_rows, holding_rows, judged_rows, recall_rows, table
from common.artifacts.external.words import beginning
from common.artifacts.figure_rows import RANKING_HEAD, SUBGROUP_HEAD, ranking_rows, sentences, subgroup_rows
from common.artifacts.privacy.guarantee import RunPrivacy, recorded_privacy
from common.artifacts.privacy.words import sentences as privacy_sentences
from common.artifacts.tested.headline import headline_sentences
from common.artifacts.tested.likeness import LIKENESS_HEAD, NOT_TOLD, likeness_rows
from common.config.architectures import network_title
from common.config.overrides import figure_overrides
from common.config.strategies import STRATEGIES
from common.labels import CLASSES, SYNTHETIC
from common.metrics.fairness import exclusive_classes
from common.metrics.familiar.record import said as familiarity
from common.text import listed

TEMPLATE = Path(__file__).with_name("model_card.md")
INTENDED_USE = "Intended use"
ETHICS = "Ethical considerations"
CAVEATS = "Caveats and recommendations"
BULLET = "• "
_WIDTH = 100


def card_text(meta: Mapping[str, Any]) -> str:
    """Fill the template from ``model_meta.json`` as this version writes it."""
    metrics, settings = meta["metrics"], meta["settings"]
    values = {
        "synthetic": "SYNTHETIC SLICES: " if meta["synthetic"] else "",
        "run_id": meta["run_id"],
        "notice": f"\n**{cell(meta['notice'])}**\n" if meta.get("notice") else "",
        "network": network_title(meta),
        "image_size": meta["image_size"],
        "beginning": beginning(meta),
        "classes": ", ".join(meta["classes"]),
        "method": words.method(meta),
        "tested": words.tested_with(meta),
        "strategy": _strategy(settings, meta["strategy"]),
        "trained_at": meta["trained_at"],
        "device": meta["device"],
        "precision": meta["precision"],
        "seed": meta["seed"],
        "weights": f"SHA-256 `{meta['sha256']}`." if meta["sha256"] else f"none. {meta.get('no_shared_model')}",
        "versions": ", ".join(f"{name} {value}" for name, value in meta["versions"].items()),
        "one_sided": _one_sided(meta["datasets"]),
        "holdings": table(
            ("Hospital", "Slices held", *CLASSES, "Used", "Training", "Validation", "Test", "Groups", PATIENTS),
            holding_rows(meta["datasets"]),
        ),
        "data_kind": f"{SYNTHETIC} " * meta["synthetic"],
        "pooled": ", but for this yardstick, which read all of them in one loader" * bool(meta.get("pooled")),
        "findings": _findings(meta["datasets"]),
        "split": " ".join(words.split_sentences(meta)),
        "left_out": _left_out(metrics["macro_classes"]),
        "how_sure": words.how_sure(metrics["intervals"]),
        "few": words.FEW,
        "by_hospital": table(
            ("Hospital", "Test slices", "Accuracy", "Macro F1", "Patients", "Accuracy by patient"), judged_rows(metrics)
        ),
        "by_class": table(("Class", "Test slices", "Recall", "Named so", "Precision", "F1"), class_rows(metrics)),
        "recalls": table(("Hospital", *CLASSES), recall_rows(metrics["per_hospital"])),
        "headline": " ".join(map(cell, headline_sentences(meta))),
        "likeness": _likeness(metrics),
        "case_figures": _case_figures(metrics.get("figures")),
        "calibration": words.calibration(meta) or "There was no test slice to measure it on.",
        "familiarity": familiarity(meta.get("familiarity")),
        "fairness": cell(words.worst_hospital(metrics) or "Fewer than two hospitals were tested."),
        "privacy": "\n".join(f"- {cell(each)}" for each in privacy_sentences(recorded_privacy(meta) or RunPrivacy())),
        "warnings": "\n".join(f"- {each.code}: {cell(each.sentence)}" for each in words.cautions_of(meta)) or "None.",
        "command": _command(meta),
    }
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(values)


def fixed_section(heading: str) -> list[str]:
    """Return a section that is the same for every model as plain paragraphs; those of a list begin with `BULLET`.

    Parameters
    ----------
    heading : str
        `INTENDED_USE`, `ETHICS` or `CAVEATS`.

    Raises
    ------
    ValueError
        There is no such section, or a run's own words go into it.
    """
    _, found, rest = TEMPLATE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    body = rest.partition("\n## ")[0]
    if not found or "${" in body:
        raise ValueError(f"'{heading}' is no section that is the same for every model")
    pieces = [" ".join(piece.split()) for piece in re.split(r"\n\n|\n(?=- )", body.strip())]
    return [piece.replace("- ", BULLET, 1).replace("`", "") if piece.startswith("- ") else piece for piece in pieces]


def _strategy(settings: Mapping[str, Any], name: str) -> str:
    """Return the strategy with the numbers that it uses."""
    chosen = settings.get("strategy", {})
    used = [
        f"{number} {chosen[number]:g}"
        for number in (STRATEGIES[name].numbers if name in STRATEGIES else ())
        if chosen.get(number) is not None
    ]
    return f"{name} ({', '.join(used)})" if used else name


def _one_sided(datasets: Mapping[str, Any]) -> str:
    counts = {name: body["class_distribution"] for name, body in datasets.items()}
    alone = [f"{label} is held by {cell(hospital)} alone" for label, hospital in exclusive_classes(counts)]
    if not alone:
        return "No class is held by one hospital alone."
    sentence = listed(alone)
    return f"{sentence[0].upper()}{sentence[1:]}: the model can learn the hospital instead of the class."


def _findings(datasets: Mapping[str, Any]) -> str:
    """List what the audits found, without what is only worth knowing."""
    lines = [
        f"- {cell(hospital)}: {finding['code']} {cell(finding['sentence'])}"
        for hospital, body in datasets.items()
        for finding in body["audit"]
        if finding["severity"] != "info"
    ]
    return "\n".join(["\nWhat the audits found:\n", *lines]) if lines else "The audits found nothing to look at."


def _case_figures(figures: Mapping[str, Any] | None) -> str:
    """Write the figures that rest on scores, patients and subgroups."""
    if not figures:
        return "Not recorded."
    parts = [table(RANKING_HEAD, ranking_rows(figures)), *map(cell, sentences(figures))]
    subgroups = subgroup_rows(figures)
    return "\n\n".join([*parts, *([table(SUBGROUP_HEAD, subgroups)] if subgroups else [])])


def _likeness(metrics: Mapping[str, Any]) -> str:
    """Write accuracy by how much test slices look like those trained on."""
    rows = likeness_rows(metrics)
    return table(LIKENESS_HEAD, rows) if rows else NOT_TOLD


def _left_out(macro_classes: list[str]) -> str:
    missing = [name for name in CLASSES if name not in macro_classes]
    return f" (without {listed(missing)})" if missing else ""


def _command(meta: Mapping[str, Any]) -> str:
    program = "server.run" if meta["engine"] == "superlink" else "server.simulate"
    words = " ".join(_shell(override) for override in figure_overrides(meta["settings"]))
    lines = textwrap.wrap(f"python -m {program} {words}", _WIDTH, break_long_words=False, break_on_hyphens=False)
    return " \\\n  ".join(lines)


def _shell(override: str) -> str:
    """Quote what a shell would read otherwise; lists are such."""
    return f'"{override}"' if any(sign in override for sign in "[]'{} ") else override
