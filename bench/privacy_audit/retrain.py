"""The run's recipe once more on other slices, all hospitals in one process: for models that an attack compares with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import torch

from bench.privacy_audit.audited import AuditedHospital, AuditedRun
from common.config.strategies import NOTHING, STRATEGIES
from common.errors import InputError
from common.model.state import arrays_from_model, model_from_arrays
from common.model.weights import Arrays
from common.privacy.stream import SecretStream
from common.seeds import stream_seed
from common.training.batches import Indices
from common.training.gradients import proximal
from common.training.part import train_only
from common.training.private.sampling import units_of
from common.training.private.train import PrivateRound, train_privately
from common.training.train import RoundContext, train
from server.strategies.registry import make_strategy
from server.strategies.updates import Updates


def check_recipe(run: AuditedRun) -> None:
    """Refuse a run whose recipe is more than rounds of training and a mean.

    Raises
    ------
    InputError
        ``AUDIT020``.
    """
    row = STRATEGIES[run.strategy.name]
    if row.local_layers != NOTHING or row.control_variates or row.pooled:
        raise InputError(
            "AUDIT020",
            f"{run.run_id} was trained with strategy={run.strategy.name}, whose recipe this audit cannot repeat; audit "
            "a run with another strategy, for example fedavg.",
        )


def retrain(run: AuditedRun, chosen: Mapping[str, Indices], seed: int) -> Arrays:
    """Train the run's network by its recipe on chosen slices and return the model of its best round.

    The strategy combines as in the run. Steps of the chain that compare hospitals with each other, or that code an
    update to travel, are left out: they hardly move the mean of sound updates.

    Parameters
    ----------
    chosen : mapping of str to ndarray of int64
        Hospital's key to the slices that it trains on.
    seed : int
        In place of the run's, for the order of slices and their augmentation.
    """
    plan = replace(run.plan, seed=seed)
    aggregator = make_strategy(run.strategy, plan)
    arrays = run.first
    for number in range(1, run.best_round + 1):
        updates = [_update(run, hospital, chosen[hospital.key], number, arrays, seed) for hospital in run.hospitals]
        counts = [len(chosen[hospital.key]) for hospital in run.hospitals]
        sent = Updates([hospital.key for hospital in run.hospitals], counts, updates.__iter__)
        arrays = aggregator.aggregate(number, sent, arrays)
    return arrays


def _update(
    run: AuditedRun, hospital: AuditedHospital, indices: Indices, number: int, arrays: Arrays, seed: int
) -> Arrays:
    plan = run.plan
    model = model_from_arrays(plan.model.name, arrays, torch.device("cpu"))
    train_only(model, plan.train.part)
    context = RoundContext(seed, hospital.key, number, plan.rounds)
    correct = proximal(model, plan.strategy.proximal_mu)
    if plan.dp.is_used:
        private = private_round(run, hospital, stream_seed(seed, hospital.key, "noise", number))
        units = units_of(indices, hospital.patients)
        train_privately(model, hospital.slices, units, plan.train, context, private, correct=correct)
    else:
        train(model, hospital.slices, indices, plan.train, context, correct=correct)
    return arrays_from_model(model)


def private_round(run: AuditedRun, hospital: AuditedHospital, seed: int) -> PrivateRound:
    """Return a round with the noise that the run records for a hospital; here it follows from a seed.

    Raises
    ------
    InputError
        ``AUDIT022`` for a run that records no noise.
    """
    claim = run.claims.get(hospital.key)
    if claim is None:
        raise InputError(
            "AUDIT022",
            f"{run.run_id} was trained with differential privacy, and its files do not say with how much noise at "
            f"{hospital.key}, so its recipe cannot be repeated.",
        )
    key = hashlib.sha256(str(seed).encode()).digest()
    return PrivateRound(run.plan.dp, claim.noise_multiplier, run.plan.dp.steps, SecretStream(key))
