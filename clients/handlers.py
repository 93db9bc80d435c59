"""A hospital's answers, as plain functions from numbers to numbers; Flower is not in sight."""

from dataclasses import replace
from functools import partial
from typing import cast

import numpy as np
import numpy.typing as npt

from clients import secure
from clients.cases.keep import keep_cases, keeps_cases
from clients.kept_model import forget_model
from clients.local_state import (
    ControlVariate,
    forget_rounds,
    keep_local_layers,
    keep_tested,
    step_states,
    whole_model,
)
from clients.policy.gate import in_time
from clients.policy.limits import Policy
from clients.prepared import forget, prepared_hospital, resampling_of, training_data, use_threads
from clients.privacy.training import check_delta, train_with_budget
from clients.site import Site
from clients.sums.likeness import likeness_to_training
from common.audit.report import audit
from common.data.identity.written import written_ids
from common.data.prepare import PreparedHospital
from common.errors import InputError
from common.keys import load_shared_key
from common.labels import CLASSES
from common.metrics.calibration import GRID, in_range
from common.metrics.evaluation import EvaluateResult, TrainResult
from common.model.state import arrays_from_model, model_from_arrays
from common.model.weights import Arrays
from common.overlap.fingerprints import Fingerprints, make_fingerprints
from common.overlap.patients import PatientTokens, patient_tokens
from common.protocol.description import Description, Numbers
from common.protocol.messages import Task
from common.protocol.names import FINE_TUNED
from common.protocol.plan import Plan
from common.protocol.postprocess import UpdateContext, chain_of
from common.training.batches import Slices
from common.training.device import pick_device, uses_bfloat16
from common.training.evaluate import evaluate as evaluate_slices
from common.training.evaluate import probabilities_of
from common.training.evaluated_cases import evaluated_cases
from common.training.gradients import proximal
from common.training.optim import steps_of_round
from common.training.part import train_only
from common.training.train import RoundContext
from common.training.train import train as train_slices


def describe(site: Site, plan: Plan) -> Description:
    """Audit and split the hospital's slices and say so in numbers.

    Raises
    ------
    InputError
        If there is nothing to train on.
    """
    secure.require_key(site, plan)
    forget(site, plan)  # a run begins with what lies there now
    prepared = prepared_hospital(site, plan)
    split = prepared.split
    labels = prepared.scan.labels
    if plan.evaluates and not len(split.test):
        raise InputError("DATA020", f"{site.hospital.name} has no slices to evaluate the model on.")
    if not plan.evaluates and len(split.train) < 2:
        raise InputError(
            "DATA020", f"{site.hospital.name} has {len(split.train)} training slices; training needs at least 2."
        )
    check_delta(plan.dp, prepared.patient_counts["train"])
    device = pick_device(site.device)

    def count(indices: npt.NDArray[np.int64]) -> dict[str, int]:
        return {name: int((labels[indices] == label).sum()) for label, name in enumerate(CLASSES)}

    return Description(
        key=site.hospital.key,
        name=site.hospital.name,
        dataset_id=site.hospital.dataset_id,
        specialty=site.hospital.specialty,
        location=list(site.hospital.location),
        numbers=cast(Numbers, audit(prepared.evidence).numbers()),
        split_counts={"train": count(split.train), "val": count(split.val), "test": count(split.test)},
        groups_across_splits=prepared.groups_across_splits,
        files_sha256=prepared.scan.paths_digest,
        file_count=len(prepared.scan.files),
        train_idx=split.train.tolist(),
        val_idx=split.val.tolist(),
        test_idx=split.test.tolist(),
        device=str(device),
        precision="bfloat16" if uses_bfloat16(device, plan.train.precision) and not plan.dp.is_used else "float32",
        patient_counts=prepared.patient_counts,
        patient_source=prepared.patient_source,
        gap_count=len(split.gap) if plan.data.folds else None,
    )


def fingerprints(site: Site, plan: Plan) -> Fingerprints | None:
    """Return keyed fingerprints of the hospital's slices; None where they are not to be sent.

    They are not where the hospital has no key or its policy forbids them, or the plan does not ask for them.

    Raises
    ------
    InputError
        If the key cannot be used.
    """
    forbidden = site.policy is not None and not site.policy.fingerprints
    if site.fingerprint_key is None or not plan.data.cross_hospital_check or forbidden:
        return None
    key, prepared = load_shared_key(site.fingerprint_key), prepared_hospital(site, plan)
    cache_dir = None if site.part else site.cache_dir  # which keeps one set for each folder
    return make_fingerprints(
        site.hospital, prepared.scan, prepared.library, key, cache_dir, _patient_tokens(site, prepared, key)
    )


def _patient_tokens(site: Site, prepared: PreparedHospital, key: bytes) -> PatientTokens | None:
    """Return the tokens of the patients whose ids are known; guessed patients have none."""
    known = prepared.evidence.known
    if known is None:
        return None
    ids = written_ids(prepared.scan, known, site.hospital.patient_pattern)
    return patient_tokens(ids, known.number, key, prepared.split)


def train(site: Site, task: Task) -> tuple[Arrays, TrainResult]:
    """Train the received model on the hospital's training slices, or on those of the task's pool.

    Returns
    -------
    tuple of (dict of str to ndarray, TrainResult)
        The trained model, as far as it travels, and the figures of the training.
    """
    use_threads(task.threads)
    plan = task.plan
    data = training_data(site, task)
    whole = whole_model(site, task)
    model = model_from_arrays(plan.model.name, whole, pick_device(site.device))
    train_only(model, plan.train.part)
    context = RoundContext(plan.seed, "+".join(task.pool) or site.hospital.key, task.server_round, plan.rounds)
    if plan.dp.is_used:
        result = train_with_budget(site, task, model, context)
        return arrays_from_model(model), result
    control = ControlVariate(site, task) if plan.strategy.control_variates else None
    correct = control.correction(model) if control else proximal(model, plan.strategy.proximal_mu)
    progress = in_time(site.policy, site.progress_callback("training, pooled" if task.pool else "training"))
    result = train_slices(model, data.slices, data.indices, plan.train, context, progress, data.steps, correct)
    trained = arrays_from_model(model)
    if control:
        control.keep(whole, trained, result.samples)
    return keep_local_layers(site, task, trained), result


def outgoing(site: Site, task: Task, trained: Arrays, samples: int) -> Arrays:
    """Take a trained model through the hospital's half of the chain, or mask it; what comes out leaves the building."""
    if task.plan.privacy.is_secure:
        return secure.masked_update(site, task, trained, samples)
    steps = steps_of_round(samples, task.plan.train, task.plan.dp)
    states = step_states(site, task)
    context = UpdateContext(task.plan, task.server_round, site.hospital.key, samples, steps, task.arrays, states)
    return chain_of(task.plan).at_hospital(trained, context)


def evaluate(site: Site, task: Task) -> EvaluateResult:
    """Evaluate the received model on the validation or the test slices; a test counts what intervals need, too.

    Raises
    ------
    InputError
        ``PLAN003`` for a number that can be no temperature.
    """
    if not in_range(task.temperature):
        raise InputError(
            "PLAN003", f"The server sent temperature={task.temperature}, which is not from {GRID[0]} to {GRID[-1]}."
        )
    use_threads(task.threads)
    plan = task.plan
    prepared = prepared_hospital(site, plan)
    whole = whole_model(site, task)
    indices = {"val": prepared.split.val, "test": prepared.split.test}[task.split]
    resampling, cases = None, None
    if task.split == "test":
        keep_tested(site, task, whole)
        forget_model(site, task)
        forget_rounds(site, task)
        secure.close(site, task)
        resampling = resampling_of(site, plan, prepared, indices)
        smallest, alike = (site.policy or Policy()).smallest_cell, likeness_to_training(site, plan)
        cases = evaluated_cases(prepared.patients, indices, smallest, alike)
    slices = Slices(prepared.library.pixels, prepared.scan.labels)
    progress = in_time(site.policy, site.progress_callback("evaluating"))
    if cases and task.reference:  # it comes first, and only what it says of each slice stays, until all is counted
        other = model_from_arrays(plan.model.name, task.reference, pick_device(site.device))
        cases = replace(cases, reference=probabilities_of(other, slices, indices, progress))
    model = model_from_arrays(plan.model.name, whole, pick_device(site.device))
    on_scores = partial(keep_cases, site, task, prepared, indices, model) if keeps_cases(site, task) else None
    return evaluate_slices(model, slices, indices, progress, task.temperature, resampling, cases, on_scores)


def fine_tuned(site: Site, task: Task) -> EvaluateResult:
    """Train the received model on for this hospital alone, and test what comes of it; that model goes no further.

    Nothing is chosen on the way: it is the model after the plan's last such round. The loss is the one with which a
    hospital trains alone.

    Raises
    ------
    InputError
        ``PLAN003`` if the plan asks for no such rounds.
    """
    plan, rounds = task.plan, task.plan.yardsticks.fine_tune_rounds
    if not rounds:
        raise InputError("PLAN003", "The server asks to fine-tune the model, and its plan does not.")
    use_threads(task.threads)
    prepared = prepared_hospital(site, plan)
    model = model_from_arrays(plan.model.name, task.arrays, pick_device(site.device))
    slices, split = Slices(prepared.library.pixels, prepared.scan.labels), prepared.split
    progress = in_time(site.policy, site.progress_callback("fine-tuning"))
    train_only(model, plan.train.part)
    alone = replace(plan.train, softmax="plain")
    for number in range(1, rounds + 1):
        context = RoundContext(plan.seed, f"{site.hospital.key}+{FINE_TUNED}", number, rounds)
        train_slices(model, slices, split.train, alone, context, progress)
    resampling = resampling_of(site, plan, prepared, split.test)
    return evaluate_slices(model, slices, split.test, progress, task.temperature, resampling)


def files_sha256(site: Site, plan: Plan) -> str:
    """Return the hash of the list of files that this hospital works on."""
    return prepared_hospital(site, plan).scan.paths_digest
