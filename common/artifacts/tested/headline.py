"""Which slices a run's accuracy is of, and the figure that stands beside it: of slices unlike any trained on."""

from collections.abc import Mapping
from typing import Any

from common.artifacts.tested.likeness import unlike_sentence
from common.artifacts.values import count, mapping
from common.artifacts.words import measured_with, recorded_patients


def accuracy_is_of(meta: Mapping[str, Any]) -> str | None:
    """Say what a run's accuracy is of: "test slices of the same hospitals, split by groups of related slices".

    Returns None where ``model_meta.json`` does not say how the slices were split.
    """
    split, data = mapping(meta.get("split")), mapping(mapping(meta.get("settings")).get("data"))
    if not isinstance(grouped := split.get("grouped"), bool):
        return None
    known = recorded_patients(split.get("patients"))
    by = "by patient" if known and known.source != "guessed" else "by groups of related slices"
    folds, fold = count(data.get("folds")), count(data.get("fold"))
    of = f", fold {fold} of {folds}" if folds and fold else ""
    run = measured_with(meta)
    whose = f", with the model of {run}" if run else ""
    return f"test slices of the same hospitals, split {by if grouped else 'one by one'}{of}{whose}"


def headline_sentences(meta: Mapping[str, Any]) -> list[str]:
    """Say which slices a run's accuracy is of, and how it is on those that are unlike any trained on."""
    of = accuracy_is_of(meta)
    said = [f"Accuracy is of {of}." if of else None, unlike_sentence(mapping(meta.get("metrics")))]
    return [each for each in said if each]
