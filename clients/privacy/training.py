"""A training with differential privacy at a hospital: its patients, its secret, its budget."""

import hmac

import numpy as np
import torch
from torch import nn

from clients.policy.gate import in_time
from clients.prepared import prepared_hospital
from clients.privacy.budget import reserve
from clients.privacy.noise_key import noise_key
from clients.site import Site
from common.config.dp import DpPlan
from common.data.prepare import PreparedHospital
from common.metrics.evaluation import TrainResult
from common.privacy.refusal import PrivacyRefusal
from common.privacy.stream import SecretStream
from common.protocol.digest import digest_of
from common.protocol.messages import Task
from common.training.batches import Indices, Slices
from common.training.gradients import proximal
from common.training.private.sampling import units_of
from common.training.private.train import PrivateRound, train_privately
from common.training.train import RoundContext

_PIECE = 256  # slices whose pixels are hashed at a time


def check_delta(dp: DpPlan, units: int) -> None:
    """Refuse a delta with which a hospital could give one patient's slices away and still keep to it.

    Raises
    ------
    PrivacyRefusal
        ``DP001`` for a delta above one by the number of patients.
    """
    if dp.is_used and dp.delta > 1 / units:
        raise PrivacyRefusal(
            "DP001",
            f"privacy.delta={dp.delta:g} is above one by the {units:,} patients that train at this hospital; choose a "
            "smaller one.",
        )


def train_with_budget(site: Site, task: Task, model: nn.Module, context: RoundContext) -> TrainResult:
    """Train `model` in place, as far as the hospital's budget reaches; it is spent before the first step.

    Raises
    ------
    PrivacyRefusal
        ``DP001``, or as `clients.privacy.budget.reserve`.
    RunError
        ``DP002`` without a key, or as `clients.privacy.budget.reserve`.
    """
    plan, prepared = task.plan, prepared_hospital(site, task.plan)
    units = units_of(prepared.split.train, prepared.patients.number)
    check_delta(plan.dp, len(units))
    key = noise_key(site.cache_dir)
    question = _question(key, site, task, prepared, units)
    grant = reserve(site, task, len(units), question)
    stream = SecretStream(key).derive("round", question)
    private = PrivateRound(plan.dp, grant.noise_multiplier, grant.steps, stream, joint=True)
    slices = Slices(prepared.library.pixels, prepared.scan.labels)
    progress = in_time(site.policy, site.progress_callback("training"))
    correct = proximal(model, plan.strategy.proximal_mu)
    result = train_privately(model, slices, units, plan.train, context, private, progress, correct)
    return TrainResult(**{**vars(result), "spent": grant.spent})


def _question(key: bytes, site: Site, task: Task, prepared: PreparedHospital, units: list[Indices]) -> str:
    """Return what stands for all that an answer follows from, hexadecimal.

    The same noise on two answers would cancel, so whatever could make them differ is in it, down to what rounds sums
    otherwise; and the key, so that a new one is another question, too.
    """
    found = hmac.new(key, digestmod="sha256")
    said = (task.extra.local.token, site.hospital.key, task.server_round, task.plan.sha256, digest_of(task.arrays))
    machine = (task.threads, torch.get_num_threads(), site.device, torch.__version__)
    found.update(repr((said, machine, task.secure, prepared.scan.paths_digest)).encode())
    for unit in units:
        found.update(np.array([len(unit), *unit, *prepared.scan.labels[unit]], dtype="<i8").tobytes())
        for start in range(0, len(unit), _PIECE):
            found.update(np.ascontiguousarray(prepared.library.pixels[unit[start : start + _PIECE]]).data)
    return found.hexdigest()
