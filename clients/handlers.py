"""A hospital's answers, as plain functions from numbers to numbers; Flower is not in sight."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from clients.fingerprinting import fingerprints as make_fingerprints
from clients.local_state import NO_OWN, Control, Own, forget_control, keep, keep_tested, whole_model
from clients.prepared import forget, ready, resampling_of, slices_at, use_threads
from clients.site import Site
from common.errors import InputError
from common.keys import load_shared_key
from common.labels import CLASSES
from common.metrics.calibration import GRID, in_range
from common.metrics.evaluation import EvaluateResult
from common.model.state import arrays_from_model, model_from_arrays
from common.model.weights import Arrays
from common.overlap.fingerprints import Fingerprints
from common.protocol.messages import Description
from common.protocol.plan import Plan
from common.training.device import pick_device, uses_bfloat16
from common.training.evaluate import evaluate as evaluate_slices
from common.training.gradients import proximal
from common.training.progressive import pixels_at
from common.training.train import Moment, TrainResult
from common.training.train import train as train_slices

Received = Mapping[str, npt.NDArray[np.generic]]
NO_CONTROL: Received = {}


def describe(site: Site, plan: Plan) -> Description:
    """Audit and split the hospital's slices and say so in numbers.

    Raises
    ------
    InputError
        If there is nothing to train on.
    """
    forget(site, plan)  # a run begins with what lies there now
    prepared = ready(site, plan)
    split = prepared.split
    labels = prepared.scan.labels
    if len(split.train) < 2:
        raise InputError(
            "DATA020", f"{site.hospital.name} has {len(split.train)} training slices; training needs at least 2."
        )

    device = pick_device(site.device)

    def count(indices: npt.NDArray[np.int64]) -> dict[str, int]:
        return {name: int((labels[indices] == label).sum()) for label, name in enumerate(CLASSES)}

    return Description(
        key=site.hospital.key,
        name=site.hospital.name,
        dataset_id=site.hospital.dataset_id,
        specialty=site.hospital.specialty,
        location=list(site.hospital.location),
        numbers=prepared.report.numbers(),
        split_counts={"train": count(split.train), "val": count(split.val), "test": count(split.test)},
        groups_across_splits=prepared.groups_across_splits,
        files_sha256=prepared.scan.paths_digest,
        file_count=len(prepared.scan.files),
        train_idx=split.train.tolist(),
        val_idx=split.val.tolist(),
        test_idx=split.test.tolist(),
        device=str(device),
        precision="bfloat16" if uses_bfloat16(device, plan.train.precision) else "float32",
    )


def fingerprints(site: Site, plan: Plan) -> Fingerprints | None:
    """Return keyed fingerprints of the hospital's slices; None where it has no key or the plan does not ask for them.

    Raises
    ------
    InputError
        If the key cannot be used.
    """
    if site.fingerprint_key is None or not plan.data.cross_hospital_check:
        return None
    key, prepared = load_shared_key(site.fingerprint_key), ready(site, plan)
    library = prepared.library
    return make_fingerprints(site.hospital, prepared.scan, library.thumbs, library.unreadable, key)


def train(
    site: Site,
    plan: Plan,
    server_round: int,
    threads: int,
    arrays: Received,
    own: Own = NO_OWN,
    everybody: Received = NO_CONTROL,
) -> tuple[Arrays, TrainResult]:
    """Train the received model on the hospital's training slices.

    Parameters
    ----------
    site : Site
        This hospital.
    plan : Plan
        What the server decided.
    server_round : int
        Present round, from 1.
    threads : int
        CPU threads to use; 0 leaves PyTorch's choice.
    arrays : mapping of str to ndarray
        The global model, as far as it travels.
    own : Own
        Which of the hospital's own tensors complete it.
    everybody : mapping of str to ndarray
        The mean of all hospitals' control variates, where the strategy has them.

    Returns
    -------
    tuple of (dict of str to ndarray, TrainResult)
        The trained model, as far as it travels, and the figures of the training.
    """
    use_threads(threads)
    prepared = ready(site, plan)
    whole = whole_model(site, plan, own, arrays)
    model = model_from_arrays(plan.model.name, whole, pick_device(site.device))
    moment = Moment(plan.seed, site.hospital.key, server_round, plan.rounds)
    slices = slices_at(site, prepared, pixels_at(plan.data, plan.train, server_round, plan.rounds))
    control = Control(site, plan, own, everybody) if plan.strategy.control_variates else None
    correct = control.correction(model) if control else proximal(model, plan.strategy.proximal_mu)
    teller = site.teller("training")
    result = train_slices(model, slices, prepared.split.train, plan.train, moment, teller, correct=correct)
    trained = arrays_from_model(model)
    if control:
        control.keep(server_round, whole, trained, result.samples)
    return keep(site, plan, own, server_round, trained), result


def evaluate(
    site: Site,
    plan: Plan,
    split: str,
    server_round: int,
    threads: int,
    arrays: Received,
    own: Own = NO_OWN,
    temperature: float = 1.0,
) -> EvaluateResult:
    """Evaluate the received model on the ``"val"`` slices at the size of that round, or on the ``"test"`` slices.

    The test is always at full size, and draws the bootstrap over groups.

    Parameters
    ----------
    site, plan, server_round, threads, arrays, own
        As for :func:`train`.
    split : str
        ``"val"`` or ``"test"``.
    temperature : float
        Of the calibrated confidence.

    Raises
    ------
    InputError
        ``PLAN003`` for a number that can be no temperature.
    """
    if not in_range(temperature):
        raise InputError(
            "PLAN003", f"The server sent temperature={temperature}, which is not from {GRID[0]} to {GRID[-1]}."
        )
    use_threads(threads)
    prepared = ready(site, plan)
    whole = whole_model(site, plan, own, arrays)
    if split == "test":
        keep_tested(site, plan, own, server_round, whole)
        forget_control(site, plan, own)
    model = model_from_arrays(plan.model.name, whole, pick_device(site.device))
    indices = {"val": prepared.split.val, "test": prepared.split.test}[split]
    pixels = pixels_at(plan.data, plan.train, server_round, plan.rounds) if split == "val" else plan.data.image_size
    slices = slices_at(site, prepared, pixels)
    resampling = resampling_of(site, plan, prepared, indices) if split == "test" else None
    return evaluate_slices(model, slices, indices, site.teller("evaluating"), temperature, resampling)


def files_sha256(site: Site, plan: Plan) -> str:
    """Return the hash of the list of files that this hospital works on."""
    return ready(site, plan).scan.paths_digest
