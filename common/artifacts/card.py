"""``model_card.md``: what a stranger must know of a model, from ``model_meta.json`` alone."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from string import Template
from typing import Any

from common.artifacts.card_tables import class_rows, holding_rows, hospital_rows, recall_rows
from common.artifacts.card_template import template
from common.artifacts.figure_text import ends_of, share_text
from common.artifacts.markdown import cell, table
from common.artifacts.read_cautions import from_json
from common.artifacts.read_intervals import how_sure
from common.artifacts.split_text import split_sentences
from common.audit.finding import listed
from common.config.architectures import architecture_of
from common.config.overrides import figure_overrides
from common.config.strategies import STRATEGIES
from common.labels import CLASSES
from common.metrics.confusion import FEW_CASES
from common.metrics.fairness import held_alone

_WIDTH = 100


def card_text(meta: Mapping[str, Any]) -> str:
    """Fill the template.

    Parameters
    ----------
    meta : mapping
        The content of ``model_meta.json`` as this version writes it.
    """
    metrics, settings = meta["metrics"], meta["settings"]
    values = {
        "synthetic": "SYNTHETIC SLICES: " if meta["synthetic"] else "",
        "run_id": meta["run_id"],
        "notice": f"\n**{cell(meta['notice'])}**\n" if meta.get("notice") else "",
        "network": architecture_of(meta),
        "image_size": meta["image_size"],
        "classes": ", ".join(meta["classes"]),
        "model_tested": meta["model_tested"],
        "rounds": meta["num_epochs"],
        "strategy": _strategy(settings, meta["strategy"]),
        "trained_at": meta["trained_at"],
        "device": meta["device"],
        "precision": meta["precision"],
        "seed": meta["seed"],
        "weights": f"SHA-256 `{meta['sha256']}`." if meta["sha256"] else f"none. {meta.get('no_shared_model')}",
        "versions": ", ".join(f"{name} {value}" for name, value in meta["versions"].items()),
        "one_sided": _one_sided(meta["datasets"]),
        "holdings": table(
            ("Hospital", "Slices", *CLASSES, "Training", "Validation", "Test", "Groups"), holding_rows(meta["datasets"])
        ),
        "data_kind": "A program drew these slices: no figure below says anything about patients. " * meta["synthetic"],
        "pooled": ", but for this yardstick, which read all of them in one loader" * bool(meta.get("pooled")),
        "findings": _findings(meta["datasets"]),
        "split": " ".join(split_sentences(meta)),
        "left_out": _left_out(metrics["macro_classes"]),
        "how_sure": how_sure(metrics["intervals"]),
        "few_cases": FEW_CASES,
        "by_hospital": table(("Hospital", "Test slices", "Accuracy", "Macro F1"), hospital_rows(metrics)),
        "by_class": table(("Class", "Test slices", "Recall", "Named so", "Precision", "F1"), class_rows(metrics)),
        "recalls": table(("Hospital", *CLASSES), recall_rows(metrics["per_hospital"])),
        "calibration": _calibration(meta),
        "fairness": _fairness(metrics),
        "warnings": "\n".join(f"- {each.code}: {cell(each.sentence)}" for each in from_json(meta["warnings"]))
        or "None.",
        "command": _command(meta),
    }
    return Template(template()).substitute(values)


def _strategy(settings: Mapping[str, Any], name: str) -> str:
    """Return the strategy with the numbers that it uses."""
    chosen = settings.get("strategy", {})
    numbers = STRATEGIES[name].numbers if name in STRATEGIES else ()
    used = [f"{number} {chosen[number]:g}" for number in numbers if chosen.get(number) is not None]
    return f"{name} ({', '.join(used)})" if used else name


def _one_sided(datasets: Mapping[str, Any]) -> str:
    counts = {name: body["class_distribution"] for name, body in datasets.items()}
    alone = [f"{label} is held by {cell(hospital)} alone" for label, hospital in held_alone(counts)]
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


def _left_out(macro_classes: list[str]) -> str:
    missing = [name for name in CLASSES if name not in macro_classes]
    return f" (without {listed(missing)})" if missing else ""


def _calibration(meta: Mapping[str, Any]) -> str:
    found = meta["metrics"]["calibration"]
    if found["ece"] is None:
        return "There was no test slice to measure it on."
    plain = f"Expected calibration error (ten bins of equal width): {100 * found['ece']:.1f} points"
    if meta["temperature"] is None:
        return f"{plain}. No temperature was fitted: the probabilities are not calibrated."
    return (
        f"{plain}; {100 * found['calibrated_ece']:.1f} with the scores divided by {meta['temperature']:.3f}, the "
        "temperature with the smallest validation loss over all hospitals (Guo et al., ICML 2017)."
    )


def _fairness(metrics: Mapping[str, Any]) -> str:
    found = metrics["fairness"]
    if not found:
        return "Fewer than two hospitals were tested."
    ends = ends_of(metrics["per_hospital"][found["worst_hospital"]], "test_accuracy")
    return (
        f"Worst at {cell(found['worst_hospital'])}: {share_text(found['worst_accuracy'], ends)} % of "
        f"{found['worst_samples']:,} slices; best at {cell(found['best_hospital'])}: "
        f"{100 * found['best_accuracy']:.1f} %. Gap {100 * found['gap']:.1f} points, standard deviation over hospitals "
        f"{100 * found['standard_deviation']:.1f} points."
    )


def _command(meta: Mapping[str, Any]) -> str:
    program = "server.run" if meta["engine"] == "superlink" else "server.simulate"
    words = " ".join(_shell(override) for override in figure_overrides(meta["settings"]))
    lines = textwrap.wrap(f"python -m {program} {words}", _WIDTH, break_long_words=False, break_on_hyphens=False)
    return " \\\n  ".join(lines)


def _shell(override: str) -> str:
    """Quote what a shell would read otherwise; lists are such."""
    return f'"{override}"' if any(sign in override for sign in "[]'{} ") else override
