"""Which canaries take part, and what guesses about them show."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import numpy.typing as npt
import torch

from bench.privacy_audit.audited import AuditedRun
from bench.privacy_audit.insider import SCORE as INSIDER
from bench.privacy_audit.insider import Mechanism, Patients, insider_scores
from bench.privacy_audit.lower_bound import Scores, bound_from
from bench.privacy_audit.outsider import SCORE as OUTSIDER
from bench.privacy_audit.outsider import outsider_scores
from common.artifacts.privacy.audit import Canaries
from common.model.state import model_from_arrays
from common.seeds import stream_seed
from common.training.part import train_only

DELTA = 1e-5
"""Of the bound, where the run has none of its own."""


def outside_bound(run: AuditedRun, count: int, seed: int, delta: float) -> Canaries:
    """Train with odd patients among the others, and bound epsilon by what the released model tells of them."""
    included = toss(count, seed)
    return judged(outsider_scores(run, included, seed), included, delta, OUTSIDER)


def inside_bound(run: AuditedRun, count: int, seed: int) -> Canaries:
    """Train the hospital that claims the highest epsilon with the worst canaries, and look at every noisy gradient."""
    key = max(run.claims, key=lambda each: run.claims[each].epsilon)
    hospital = next(each for each in run.hospitals if each.key == key)
    claim, plan = run.claims[key], run.plan
    network = model_from_arrays(plan.model.name, run.first, torch.device("cpu"))
    train_only(network, plan.train.part)
    patients = Patients(hospital.slices, hospital.split.train, hospital.patients, plan.data.image_size)
    mechanism = Mechanism(plan.dp, plan.train, claim.rate, claim.noise_multiplier, claim.rounds)
    included = toss(count, seed)
    scores = insider_scores(network, patients, mechanism, included, seed)
    return judged(scores, included, plan.dp.delta, INSIDER)


def toss(count: int, seed: int) -> npt.NDArray[np.bool_]:
    """Return for each canary whether it takes part, with probability one half."""
    return np.random.Generator(np.random.PCG64(stream_seed(seed, "canaries"))).random(count) < 0.5


def judged(scores: Scores, included: npt.NDArray[np.bool_], delta: float, score: str) -> Canaries:
    """Bound epsilon by scores."""
    return Canaries(**asdict(bound_from(scores, included, delta)), score=score)
