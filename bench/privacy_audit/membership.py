"""Membership inference: whether the released model tells whose slices it was trained on.

The attack is RMIA (Zarifzadeh, Liu and Shokri, *Low-cost high-power membership inference attacks*, ICML 2024, arXiv
2312.03262) in its online form: a slice's probability of its true class under the released model, over its mean
probability under shadow models. RMIA is the stronger of the known attacks with few shadow models; and since a hospital
that audits itself holds all its candidates, half of the shadow models can be trained with each of them, which is what
makes the form online. Its second half compares that ratio with those of a population; where the population is the same
for all slices, that keeps their order, so that the ROC curve is the one of the ratio itself.

Shadow models come in pairs: of one, a random half of each hospital's patients, of the other, the rest. So each slice is
in half of them. Members are the run's training slices, strangers its validation and test slices: one hospital's, and
one rule split them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from msgspec.structs import replace

from bench.privacy_audit.audited import AuditedHospital, AuditedRun
from bench.privacy_audit.retrain import check_recipe, retrain
from bench.privacy_audit.roc import Groups, Scores, auroc, auroc_interval, curve, found_at, mean_by
from common.artifacts.privacy.audit import Membership
from common.errors import InputError
from common.model.state import model_from_arrays
from common.model.weights import Arrays
from common.seeds import stream_seed
from common.training.batches import Indices, batches
from common.training.evaluate import EVALUATE_BATCH
from common.training.preprocess import normalise

METHOD = "RMIA, online"
FEWEST_PATIENTS = 4
_FALSE_POSITIVES = 0.01


def membership(run: AuditedRun, shadows: int = 4, tell: Callable[[str], Any] = lambda text: None) -> Membership:
    """Attack the released model.

    Parameters
    ----------
    shadows : int
        Shadow models, an even number of at least 2.
    tell : callable, optional
        Gets a line of progress before each training.

    Raises
    ------
    InputError
        ``AUDIT020`` for a recipe that cannot be repeated, ``AUDIT021`` for an odd number of shadow models or too few
        patients.
    """
    check_recipe(run)
    _check(run, shadows)
    started = time.perf_counter()
    target = true_class(run, run.released)
    shadow_scores = []
    for number in range(shadows):
        tell(f"shadow model {number + 1} of {shadows}")
        shadow_scores.append(true_class(run, shadow(run, number)))
    found = judge(run.hospitals, calibrated(target, shadow_scores))
    return replace(found, method=METHOD, shadow_models=shadows, seconds=time.perf_counter() - started)


def calibrated(target: Scores, shadows: Sequence[Scores]) -> Scores:
    """Return log(p(x | model) / mean of p(x | shadow models)), RMIA's ratio.

    Parameters
    ----------
    target, shadows : ndarray of float64, shape [N]
        Logarithms of each slice's probability of its true class.
    """
    return target - (np.logaddexp.reduce(np.stack(shadows)) - np.log(len(shadows)))


def judge(hospitals: Sequence[AuditedHospital], scores: Scores) -> Membership:
    """Compare scores of all candidates, in their order, with the split."""
    members = np.concatenate([np.isin(each.used, each.split.train) for each in hospitals])
    patients = candidates_patients(hospitals)
    by_patient, first = mean_by(scores, patients)
    whose = members[first]
    return Membership(
        auroc=auroc(scores, members),
        auroc_interval=auroc_interval(scores, members, patients),
        tpr_at_fpr_1=found_at(scores, members, _FALSE_POSITIVES),
        slices=len(scores),
        member_slices=int(members.sum()),
        patients=len(by_patient),
        member_patients=int(whose.sum()),
        auroc_patients=auroc(by_patient, whose),
        auroc_patients_interval=auroc_interval(by_patient, whose, np.arange(len(by_patient))),
        roc=curve(scores, members),
    )


def candidates_patients(hospitals: Sequence[AuditedHospital]) -> Groups:
    """Return whose each candidate is, numbered over all hospitals."""
    numbers, offset = [], 0
    for hospital in hospitals:
        numbers.append(hospital.patients[hospital.used] + offset)
        offset += int(hospital.patients.max()) + 1
    return np.concatenate(numbers)


def shadow(run: AuditedRun, number: int) -> Arrays:
    """Train a shadow model; 2k and 2k + 1 are trained on the two halves of one division of the patients."""
    pair, side = divmod(number, 2)
    seed = stream_seed(run.plan.seed, "shadow", number) % 2**31
    division = stream_seed(run.plan.seed, "pair", pair)
    return retrain(run, {each.key: half(each, division, side) for each in run.hospitals}, seed)


def half(hospital: AuditedHospital, seed: int, side: int) -> Indices:
    """Return the candidates of one half of the patients, of each class as nearly half as can be."""
    used = hospital.used
    numbers, first = np.unique(hospital.patients[used], return_index=True)
    chance = np.random.default_rng([seed, *hospital.key.encode()])
    order = chance.permutation(len(numbers))
    order = order[np.argsort(hospital.slices.labels[used][first][order], kind="stable")]
    mine = numbers[order[(side + int(chance.integers(2))) % 2 :: 2]]
    return used[np.isin(hospital.patients[used], mine)]


def true_class(run: AuditedRun, arrays: Arrays) -> Scores:
    """Return the logarithm of each candidate's probability of its true class, the mean of it and its mirror image."""
    model = model_from_arrays(run.plan.model.name, arrays, torch.device("cpu")).eval()
    parts = [torch.zeros(0, dtype=torch.float64)]
    with torch.inference_mode():
        for hospital in run.hospitals:
            for images, labels in batches(hospital.slices, hospital.used, EVALUATE_BATCH, torch.device("cpu")):
                seen = normalise(images)
                views = (seen, seen.flip(3)) if run.plan.train.augment.flip else (seen,)
                scores = torch.stack([model(view).double().log_softmax(1) for view in views])
                parts.append(scores[:, torch.arange(len(labels)), labels].mean(0))
    return torch.cat(parts).numpy()


def _check(run: AuditedRun, shadows: int) -> None:
    if shadows < 2 or shadows % 2:
        raise InputError("AUDIT021", f"{shadows} shadow models cannot be; take an even number from 2, for example 4.")
    members, patients = (sum(_count(each, part) for each in run.hospitals) for part in ("train", "all"))
    if min(members, patients - members) < FEWEST_PATIENTS:
        raise InputError(
            "AUDIT021",
            f"{run.run_id} has {members} patients in training and {patients - members} besides; telling them apart "
            f"needs at least {FEWEST_PATIENTS} of each.",
        )


def _count(hospital: AuditedHospital, part: str) -> int:
    chosen = hospital.used if part == "all" else hospital.used[np.isin(hospital.used, hospital.split.train)]
    return len(np.unique(hospital.patients[chosen]))
