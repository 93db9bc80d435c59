"""``model_meta.json`` of a finished run: its figures, and what makes them worth less than they seem."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from common.artifacts import words
from common.artifacts.external.lineage import Origin, TrainedBefore
from common.artifacts.external.recipe import Recipe
from common.artifacts.external.yardsticks import Yardsticks
from common.artifacts.meta_metrics import metrics_json
from common.artifacts.schema import Caution, ModelMeta, to_json
from common.config.strategies import NOTHING, POOLED_STRATEGY
from common.data.identity.patients import LEAST_SURE_FIRST
from common.labels import CLASSES, NUM_CLASSES
from common.metrics.calibration import TemperatureChoice, is_at_edge
from common.metrics.evaluation import EvaluateResult
from common.metrics.familiar.record import Familiarity
from common.protocol.description import Description
from common.text import counted, listed


@dataclass(frozen=True)
class FinishedRun:
    """What the meta file is made of."""

    run_id: str
    strategy: str
    seed: int
    rounds: int
    best_round: int
    image_size: int
    best_val_accuracy: float | None
    """Of the best round, a fraction; None where nothing validated."""
    temperature: float | None
    """That makes the best round's confidence honest on the validation slices; None where none was fitted."""
    engine: str
    device: str
    """What the hospitals trained on."""
    descriptions: Sequence[Description]
    """Every hospital, in configured order."""
    stats: Mapping[str, Any]
    """The content of ``dataset_stats.json``."""
    tests: Mapping[str, EvaluateResult]
    """By hospital name; a hospital that did not answer is absent."""
    missing_hospitals: Sequence[str]
    grouped: bool
    """Whether duplicates and neighbours were kept on one side of the split."""
    sha256: str | None
    versions: Mapping[str, str]
    settings: Mapping[str, Any]
    """The resolved configuration."""
    test_slices_trained_elsewhere: int | None = None
    """Test slices of one hospital that another trains on; None where the hospitals were not compared."""
    test_patients_trained_elsewhere: int | None = None
    """Test patients of one hospital whose id is in another's training; None where they were not compared."""
    keeps: str = NOTHING
    """What stays at the hospitals, one of `common.model.local_layers.KEEPS`."""
    token: str = ""
    """Names the folder below each hospital's cache folder in which its own model lies."""
    best_epochs: Mapping[str, int] = field(default_factory=dict)
    """Hospital's name to the round whose model it tested."""
    ledger: str | None = None
    """SHA-256 of the first line of the run's ledger."""
    origin: Origin | None = None
    """The finished model that the run began with."""
    trained_before: TrainedBefore | None = None
    """Test slices that this model, or one before it, was trained on; None where the run began from the seed."""
    yardsticks: Yardsticks | None = None
    """What was measured beside the test."""
    temperature_choice: TemperatureChoice | None = None
    """What the temperature, or that there is none, rests on."""
    privacy: Mapping[str, Any] = field(default_factory=dict)
    """What protected the hospitals' patients and what it cost them; see `common.artifacts.privacy`."""
    familiarity: Familiarity = field(default_factory=Familiarity)
    """What tells an image that is unlike the slices of training."""
    recipe: Recipe | None = None
    """The run whose figures a model is given that trained on every slice."""
    cut: str | None = None
    """That the hospitals are simulated, in a sentence."""


def meta_json(run: FinishedRun) -> dict[str, Any]:
    """Return ``model_meta.json``."""
    hospitals = run.descriptions
    personal = {"folder": f"runs/{run.token}", "best_epochs": dict(run.best_epochs)}
    meta = ModelMeta(
        trained_at=datetime.now().isoformat(),
        num_classes=NUM_CLASSES,
        num_epochs=run.rounds,
        best_epoch=run.best_round,
        device=run.device,
        datasets=run.stats,
        total_samples=sum(d.numbers["total_samples"] for d in hospitals),
        train_samples=sum(len(d.train_idx) for d in hospitals),
        val_samples=sum(len(d.val_idx) for d in hospitals),
        test_samples=sum(len(d.test_idx) for d in hospitals),
        metrics=metrics_json(run.tests, run.best_val_accuracy or 0.0, run.temperature),
        metrics_of=None,
        temperature=run.temperature,
        temperature_choice=run.temperature_choice.to_json() if run.temperature_choice else None,
        familiarity=run.familiarity.to_json(),
        warnings=[
            *cautions(
                hospitals, run.temperature, run.test_slices_trained_elsewhere, run.test_patients_trained_elsewhere
            ),
            *_trained_before(run.trained_before),
        ],
        run_id=run.run_id,
        strategy=run.strategy,
        engine=run.engine,
        seed=run.seed,
        image_size=run.image_size,
        precision=", ".join(sorted({d.precision for d in hospitals})),
        classes=list(CLASSES),
        sha256=run.sha256,
        synthetic=any(d.synthetic for d in hospitals),
        missing_hospitals=list(run.missing_hospitals),
        split={
            "grouped": run.grouped,
            "groups_across_splits": sum(d.groups_across_splits for d in hospitals),
            "test_slices_trained_elsewhere": run.test_slices_trained_elsewhere,
            "test_patients_trained_elsewhere": run.test_patients_trained_elsewhere,
            "patients": patients_of(hospitals),
            **({"gap": gap} if (gap := sum(d.gap_count or 0 for d in hospitals)) else {}),
        },
        versions=run.versions,
        ledger=run.ledger,
        cross_matrix=run.yardsticks.cross_matrix_json() if run.yardsticks else None,
        fine_tuned=run.yardsticks.fine_tuned_json() if run.yardsticks else None,
        init=run.origin.to_json() if run.origin else None,
        settings=run.settings,
        pooled=run.strategy == POOLED_STRATEGY,
        model_tested=words.model_tested(run.strategy, run.keeps, run.best_round),
        notice=words.notice(run.strategy, run.cut),
        no_shared_model=words.no_shared_model(run.keeps),
        privacy=dict(run.privacy),
        personal_models=None if run.keeps == NOTHING else personal,
    )
    return to_json(meta) | (_of_recipe(run, run.recipe) if run.recipe else {})


def _of_recipe(run: FinishedRun, recipe: Recipe) -> dict[str, Any]:
    """Return what the test of a recipe says, in the place of what no slice of this run could."""
    then, same = recipe.meta, recipe.same_slices(run.descriptions)
    known = {each.code for each in words.cautions_of(then)}
    own = [each for each in cautions(run.descriptions) if each.code not in known]
    return {
        **{name: then.get(name) for name in ("metrics", "temperature", "temperature_choice", "split")},
        "warnings": [to_json(each) for each in (*words.cautions_of(then), *own)],
        "metrics_of": {"run": recipe.run_id, "model_sha256": then.get("sha256"), "same_slices": same},
        "model_tested": f"{then.get('model_tested')} of {recipe.run_id}",
        "notice": words.notice(run.strategy, run.cut, recipe.run_id, same),
    }


def split_remarks(descriptions: Sequence[Description]) -> list[str]:
    """Say of folds which slices are in no part, and which classes are trained on and not tested."""
    gaps = [f"{d.name} {d.gap_count:,}" for d in descriptions if d.gap_count]
    folded = [d for d in descriptions if d.gap_count is not None]
    untested = [f"{listed(d.untested)} at {d.name}" for d in folded if d.untested]
    said = {
        "In no part, since they may be of patients who are tested (slices)": ", ".join(gaps),
        "Not in this test, for want of separate groups of slices": "; ".join(untested),
    }
    return [f"{what}: {at}." for what, at in said.items() if at]


def patients_of(descriptions: Sequence[Description]) -> dict[str, Any] | None:
    """Add up the hospitals' patients; one that two hospitals hold counts twice. None where a hospital said nothing."""
    told = [d.patients for d in descriptions]
    if not told or not all(told):
        return None
    sums = {part: sum(each[part] for each in told if each) for part in ("train", "val", "test")}
    sources = {d.patient_source for d in descriptions}
    return {**sums, "source": next(each for each in LEAST_SURE_FIRST if each in sources)}


def cautions(
    descriptions: Sequence[Description],
    temperature: float | None = None,
    trained_elsewhere: int | None = None,
    patients_elsewhere: int | None = None,
) -> list[Caution]:
    """Return every reason for doubt that the hospitals' counts, their copies and the fit of the temperature give.

    Parameters
    ----------
    descriptions : sequence of Description
        In configured order.
    temperature : float or None
        As fitted (see `common.metrics.calibration`).
    trained_elsewhere : int or None
        Test slices of one hospital that another trains on; None where the hospitals were not compared.
    patients_elsewhere : int or None
        Test patients of one hospital whom another trains on, by their ids.
    """
    found = {
        "EVAL001": _shared_groups(descriptions),
        "EVAL002": _two_labels(descriptions),
        "EVAL003": _near_two_labels(descriptions),
        "EVAL004": _edge(temperature),
        "EVAL005": _copies(trained_elsewhere),
        "EVAL007": _same_patients(patients_elsewhere),
    }
    return [Caution(code, sentence) for code, sentence in found.items() if sentence]


def _trained_before(found: TrainedBefore | None) -> list[Caution]:
    return [Caution("EVAL006", found.sentence)] if found and found.sentence else []


def _shared_groups(descriptions: Sequence[Description]) -> str | None:
    at = {d.name: d.groups_across_splits for d in descriptions if d.groups_across_splits}
    if not at:
        return None
    return (
        f"{counted(sum(at.values()), 'group')} of look-alike or neighbouring slices "
        f"{'stands' if sum(at.values()) == 1 else 'stand'} on more than one side of the split ({_where(at)}): the "
        "model has seen what it is tested on, so the figures flatter it; train again with data.group_split=true."
    )


def _two_labels(descriptions: Sequence[Description]) -> str | None:
    at = _audited(descriptions, "DATA007")
    if not at:
        return None
    return (
        f"One picture stands under two labels ({_where(at)} files): those files were left out, and other labels may be "
        "wrong as well; let a radiologist decide."
    )


def _near_two_labels(descriptions: Sequence[Description]) -> str | None:
    at = _audited(descriptions, "DATA010")
    if not at:
        return None
    return (
        f"Slices that look almost exactly alike stand under two labels ({_where(at)} pairs): one label of each pair "
        "may be wrong, and counts in the figures as it stands; let a radiologist look at them."
    )


def _edge(temperature: float | None) -> str | None:
    if temperature is None or not is_at_edge(temperature):
        return None
    return (
        f"The temperature lies at the end of its range ({temperature:g}), as it does where the validation slices are "
        "too few or all answered alike: do not rely on the calibrated probabilities."
    )


def _copies(trained_elsewhere: int | None) -> str | None:
    if not trained_elsewhere:
        return None
    return (
        f"{counted(trained_elsewhere, 'test slice')} of one hospital {'is' if trained_elsewhere == 1 else 'are'} "
        "trained on at another: the model has seen what it is tested on, so the figures flatter it; each hospital "
        "finds its copies by index in the run's cross_duplicates/, and one of each two should be left out."
    )


def _same_patients(elsewhere: int | None) -> str | None:
    if not elsewhere:
        return None
    return (
        f"{counted(elsewhere, 'test patient')} of one hospital {'has' if elsewhere == 1 else 'have'} the id of one "
        "whom another trains on: if they are the same people, and not ids that are alike by chance, the figures "
        "flatter the model; each hospital finds its patients with the run's cross_duplicates/."
    )


def _audited(descriptions: Sequence[Description], code: str) -> dict[str, int]:
    """Return the count of a finding by the hospitals that have it."""
    return {d.name: finding["count"] for d in descriptions for finding in d.numbers["audit"] if finding["code"] == code}


def _where(counts: Mapping[str, int]) -> str:
    return listed([f"{name} {count:,}" for name, count in counts.items()])
