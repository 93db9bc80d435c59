"""A finished run and its hospitals' slices, as an audit needs them; other slices than the run's are refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bench.privacy_audit.audited import AuditedHospital, AuditedRun, Claim
from common.artifacts.external.finished import FinishedModel, read_finished
from common.artifacts.external.trained_at import TrainedAt
from common.artifacts.layout import existing_run
from common.artifacts.privacy.guarantee import recorded_privacy
from common.artifacts.words import measured_with
from common.config.hospital import Hospital
from common.config.hydra import load_hospitals
from common.config.settings import RunSettings
from common.data.identity.labelling import require_slices
from common.data.prepare import prepare
from common.errors import InputError
from common.files import absolute
from common.protocol.plan import plan_of
from common.training.batches import Slices
from server.federation.external.warm_start import initial_model
from server.recording.resume import stored_settings


@dataclass(frozen=True)
class Places:
    """Where things are; None is where the run had them."""

    output_dir: Path
    data_root: Path | None = None
    cache_dir: Path | None = None


def read_run(run_id: str, places: Places) -> AuditedRun:
    """Read a finished run.

    Raises
    ------
    InputError
        ``RUN001`` no such run; ``MODEL001`` and others of `read_finished`; ``AUDIT001`` slices that are not the run's;
        ``AUDIT004`` a run that held no slice back.
    """
    folder = existing_run(absolute(places.output_dir), run_id)
    finished = read_finished(folder)
    if recipe := measured_with(finished.meta):
        raise InputError(
            "AUDIT004",
            f"{run_id} trained on every slice, so there is none that it has not seen to tell members from; audit "
            f"{recipe}, which has the same recipe.",
        )
    settings = _placed(stored_settings(folder), places)
    hospitals = load_hospitals(settings.hospitals)
    require_slices(Path(settings.data.root), hospitals)
    first, _ = initial_model(settings)
    return AuditedRun(
        run_id,
        plan_of(settings),
        settings.strategy,
        [_hospital(settings, hospital, run_id, finished.hospitals) for hospital in hospitals],
        first,
        finished.arrays,
        finished.best_round,
        _claims(finished, settings.rounds),
    )


def _placed(settings: RunSettings, places: Places) -> RunSettings:
    root, cache = places.data_root or settings.data.root, places.cache_dir or settings.data.cache_dir
    data = replace(settings.data, root=str(root), cache_dir=str(cache))
    return replace(settings, output_dir=str(places.output_dir), data=data)


def _hospital(
    settings: RunSettings, hospital: Hospital, run_id: str, recorded: Mapping[str, TrainedAt]
) -> AuditedHospital:
    data = settings.data
    root = absolute(data.root)
    prepared = prepare(
        root / hospital.path,
        hospital.class_map,
        data.plan(),
        settings.seed,
        absolute(data.cache_dir),
        patient_pattern=hospital.patient_pattern,
    )
    then = recorded.get(hospital.key)
    if then is None or then.files_sha256 != prepared.scan.paths_digest:
        raise InputError(
            "AUDIT001",
            f"The slices of {hospital.name} under {root} are not those that {run_id} trained on; name the folder that "
            "the run used with --data-root.",
        )
    slices = Slices(prepared.library.pixels, prepared.scan.labels)
    return AuditedHospital(hospital.key, slices, prepared.split, prepared.patients.number)


def _claims(finished: FinishedModel, rounds_of_run: int) -> Mapping[str, Claim]:
    """Return what the run says of each hospital; nothing where it was trained without differential privacy."""
    privacy = recorded_privacy(finished.meta)
    keys = {hospital.name: key for key, hospital in finished.hospitals.items()}
    found = {}
    for name, spent in (privacy.per_hospital if privacy else {}).items():
        stopped = spent.stopped_after_round
        rounds = max(1, stopped - 1) if stopped else rounds_of_run  # the last one may have been cut short
        if name in keys and None not in (spent.epsilon, spent.rate, spent.noise_multiplier):
            found[keys[name]] = Claim(spent.epsilon or 0.0, spent.rate or 0.0, spent.noise_multiplier or 0.0, rounds)
    return found
