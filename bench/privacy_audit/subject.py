"""What an audit attacks: a finished run as its files record it, and the slices of one of its hospitals."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from common.artifacts.external.finished import FinishedModel, read_finished
from common.artifacts.layout import RunFolder, existing_run
from common.config.hospital import Hospital
from common.config.hydra import load_hospitals
from common.config.settings import RunSettings
from common.data.prepare import prepare
from common.data.split import Split
from common.data.thumbs import Indices
from common.errors import InputError
from common.files import absolute
from common.model.state import model_from_arrays
from common.protocol.plan import Plan, plan_of
from common.text import shown
from common.training.batches import Slices
from server.federation.external.warm_start import initial_model
from server.recording.resume import stored_settings

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class Places:
    """Where things are on this machine, where it is not where the run had them."""

    output_dir: Path
    data_root: Path | None = None
    cache_dir: Path | None = None


@dataclass(frozen=True)
class Subject:
    """A finished run and one of its hospitals, whose slices are attacked."""

    finished: FinishedModel
    settings: RunSettings
    plan: Plan
    hospital: Hospital
    slices: Slices
    """All that the hospital holds."""
    units: Indices
    """The patient (or group) of each slice."""
    split: Split
    device: "torch.device"

    @property
    def folder(self) -> RunFolder:
        """The run's files."""
        return self.finished.folder

    def model(self) -> "nn.Module":
        """Return the released model, in evaluation mode."""
        return model_from_arrays(self.plan.model.name, self.finished.arrays, self.device).eval()

    def first_model(self) -> "nn.Module":
        """Return the model that the run began with."""
        arrays, _ = initial_model(self.settings)
        return model_from_arrays(self.plan.model.name, arrays, self.device)


def read_subject(run: str, places: Places, key: str | None = None) -> Subject:
    """Read a finished run, and its hospital `key` (by default its first).

    Raises
    ------
    InputError
        ``RUN001`` no such run; as `read_finished`; ``AUDIT001`` the hospital did not take part, ``AUDIT002`` its slices
        are others than the run's.
    """
    folder = existing_run(absolute(places.output_dir), run)
    finished = read_finished(folder)
    settings = _placed(stored_settings(folder), places)
    hospital = _hospital(settings, run, key)
    data = settings.data
    prepared = prepare(
        absolute(data.root) / hospital.path,
        hospital.class_map,
        data.plan(),
        settings.seed,
        absolute(data.cache_dir),
        patient_pattern=hospital.patient_pattern,
    )
    recorded = finished.hospitals.get(hospital.key)
    if recorded is None or recorded.files_sha256 != prepared.scan.paths_digest:
        raise InputError(
            "AUDIT002",
            f"The slices of {hospital.name} under {absolute(data.root)} are not those that {run} trained on; name the "
            "folder that the run used with --data-root.",
        )
    from common.training.device import pick_device

    slices = Slices(prepared.library.pixels, prepared.scan.labels)
    device = pick_device(settings.compute.device)
    plan = plan_of(settings)
    return Subject(finished, settings, plan, hospital, slices, prepared.patients.number, prepared.split, device)


def _placed(settings: RunSettings, places: Places) -> RunSettings:
    data = replace(
        settings.data,
        root=str(places.data_root or settings.data.root),
        cache_dir=str(places.cache_dir or settings.data.cache_dir),
    )
    return replace(settings, output_dir=str(places.output_dir), data=data)


def _hospital(settings: RunSettings, run: str, key: str | None) -> Hospital:
    if key is not None and key not in settings.hospitals:
        raise InputError(
            "AUDIT001", f"{shown(key)} took no part in {run}; --hospital takes {', '.join(settings.hospitals)}."
        )
    (hospital,) = load_hospitals([key or settings.hospitals[0]], fewest=1)
    return hospital
