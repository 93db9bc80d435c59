"""With ``compare=run-003``: the model of another finished run, for the same slices."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from common.artifacts.external.finished import FinishedModel, read_finished
from common.artifacts.layout import RunFolder, existing_run
from common.artifacts.values import mapping
from common.artifacts.words import measured_with
from common.config.partition import cut_otherwise, source_of
from common.config.settings import RunSettings
from common.errors import InputError
from common.files import absolute
from common.text import listed, shown


def read_models(settings: RunSettings, folder: RunFolder, pooled: bool = False) -> FinishedModel:
    """Read the model to evaluate, and with `settings.compare` the one to compare it with.

    Parameters
    ----------
    pooled : bool
        Whether either may be the model of pooled slices; so in a simulation only.

    Raises
    ------
    InputError
        As `read_finished` and `existing_run`; ``MODEL009`` for two models that cannot be compared, ``MODEL010`` for a
        folder that was cut otherwise when the model was trained, ``FINAL003`` for a hospital where a final model
        trained on every slice.
    """
    model = read_finished(folder, pooled=pooled)
    _refuse_cut_otherwise(model, settings.hospitals)
    _require_held_back(model, settings.hospitals)
    if not settings.compare:
        return model
    compared = existing_run(absolute(settings.output_dir), settings.compare)
    reference = read_finished(compared, model.network, pooled)
    _refuse_cut_otherwise(reference, settings.hospitals)
    _require_held_back(reference, settings.hospitals)
    _require_comparable(model, reference, settings.hospitals)
    return replace(model, reference=reference)


def _require_comparable(model: FinishedModel, reference: FinishedModel, hospitals: Iterable[str]) -> None:
    """Refuse early what hospitals would find out after they have read their slices."""
    if model.run_id == reference.run_id:
        raise InputError("MODEL009", f"{model.run_id} cannot be compared with itself; name another run in compare=...")
    if model.image_size != reference.image_size:
        raise InputError(
            "MODEL009",
            f"{reference.run_id} was trained at {reference.image_size} px and {model.run_id} at {model.image_size} px, "
            "so they cannot judge the same slices; compare runs of one data.image_size.",
        )
    if any(map(source_of, [*model.hospitals, *reference.hospitals])) and _cut(model) != _cut(reference):
        raise InputError(
            "MODEL009",
            f"{reference.run_id} and {model.run_id} cut their folders in different ways, so that one was trained on "
            "what tests the other; compare runs of one partition.",
        )
    for key in hospitals:
        one, other = model.hospitals.get(key), reference.hospitals.get(key)
        if one and other and one.files_sha256 == other.files_sha256 and one.test != other.test:
            raise other_split(one.name, reference.run_id, model.run_id)


def _require_held_back(model: FinishedModel, hospitals: Iterable[str]) -> None:
    """Refuse a test of a final model at a hospital that trained it: no slice there is new to it."""
    run = measured_with(model.meta)
    if trained := [model.hospitals[key].name for key in hospitals if key in model.hospitals] if run else []:
        raise InputError(
            "FINAL003",
            f"{model.run_id} trained on every slice at {listed(trained)}, so none there can test it; leave "
            f"{'that hospital' if len(trained) == 1 else 'those hospitals'} out, or evaluate {run}, which tested its "
            "recipe.",
        )


def _cut(model: FinishedModel) -> Mapping[str, Any]:
    return mapping(mapping(model.meta.get("settings")).get("partition"))


def _refuse_cut_otherwise(model: FinishedModel, keys: Iterable[str]) -> None:
    """Refuse slices of a folder that the model was trained on, cut into other hospitals."""
    for key in keys:
        if other := next((trained for trained in model.hospitals if cut_otherwise(key, trained)), None):
            raise InputError(
                "MODEL010",
                f"{model.run_id} was trained on slices of the folder of '{shown(key)}' as '{shown(other)}'; evaluate "
                "it at hospitals that are cut as they were then.",
            )


def other_split(hospital: str, reference: str, run: str) -> InputError:
    """Return the refusal where a run held back other slices than the plan's split does."""
    return InputError(
        "MODEL009",
        f"{reference} did not hold back the slices at {hospital} that the split of {run} holds back, so no test there "
        "is fair to both; leave that hospital out, or compare runs of one split (seed, data.*).",
    )
