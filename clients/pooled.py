"""Training on several hospitals' slices at once; only where one person holds all folders, in a simulation."""

from __future__ import annotations

from collections.abc import Sequence

from clients.handlers import Received
from clients.prepared import ready, slices_of, use_threads
from clients.site import Site
from common.errors import InputError
from common.model.state import arrays_from_model, model_from_arrays
from common.model.weights import Arrays
from common.protocol.plan import Plan
from common.training.batches import Indices, Slices
from common.training.device import pick_device
from common.training.pool import pool
from common.training.train import Moment, TrainResult
from common.training.train import train as train_slices


def train_pooled(
    site: Site, plan: Plan, server_round: int, threads: int, arrays: Received, keys: Sequence[str]
) -> tuple[Arrays, TrainResult]:
    """Train one model on the training slices of several hospitals, in as many steps as they take together.

    Of one hospital alone this is that hospital's own training, to the bit.

    Parameters
    ----------
    site : Site
        The simulated hospital that does it for all; `Site.pool` holds the others.
    plan, server_round, threads, arrays
        As in `clients.handlers.train`.
    keys : sequence of str
        The hospitals.

    Returns
    -------
    tuple of (dict of str to ndarray, TrainResult)
        The trained model, and the figures of the training.

    Raises
    ------
    InputError
        ``PLAN004`` at a hospital on a machine of its own: it has no slices but its own, and gives none away.
    """
    if wrong := [key for key in keys if key not in site.pool]:
        raise InputError(
            "PLAN004",
            f"{site.hospital.name} cannot train on {wrong[0]}'s slices: pooling is possible in a simulation only.",
        )
    use_threads(threads)
    together = pool([_training_slices(site.pool[key], plan) for key in keys], plan.train)
    model = model_from_arrays(plan.model.name, arrays, pick_device(site.device))
    moment = Moment(plan.seed, "+".join(keys), server_round, plan.rounds)
    teller = site.teller("training, pooled")
    result = train_slices(model, together.slices, together.indices, plan.train, moment, teller, together.steps)
    return arrays_from_model(model), result


def _training_slices(site: Site, plan: Plan) -> tuple[Slices, Indices]:
    prepared = ready(site, plan)
    return slices_of(prepared), prepared.split.train
