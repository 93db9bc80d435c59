"""What the model in service says about one slice: probabilities, margin, call or no call, and from where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import nn

from common.artifacts import words
from common.artifacts.service import ServiceModel, load_service
from common.artifacts.values import count, mapping, number, text
from common.config.architectures import ARCHITECTURES, DEFAULT_ARCHITECTURE, architecture_of
from common.labels import CLASSES
from common.metrics.calibration import in_range
from common.metrics.familiar.file import Recorded
from common.model import grad_cam
from common.model.registry import build_model
from common.training.familiarity import feature_count
from common.training.preprocess import preprocess
from dashboard.model.familiarity import Familiarity, judge

DEFAULT_IMAGE_SIZE = 224
MAX_IMAGE_SIZE = 1024


@dataclass(frozen=True)
class ModelCard:
    """Which model answers; None where it is not recorded (version 1)."""

    run_id: str | None
    round: int | None
    """The run's best round, whose weights these are."""
    sha256: str
    """Of the weights, hexadecimal."""
    verified: bool
    """Whether ``model_meta.json`` records the same SHA-256."""
    synthetic: bool | None
    """Whether it was trained on drawn slices."""
    image_size: int
    """Edge of its input in pixels."""
    trained_at: str | None
    calibration_error: float | None
    """Expected calibration error on the test slices, a fraction; with the temperature if it has one."""
    notice: str | None = None
    """What must be known before it is believed, in the run's own words."""
    temperature: float | None = None
    """What its scores are divided by (see `common.metrics.calibration`); None: they are taken as they are."""

    calibration: str | None = None
    """How honest its stated confidence is on test slices, and what the temperature does to that; None: not recorded."""


@dataclass(frozen=True)
class Answerer:
    """A model ready to answer, shared by all sessions and never written to."""

    model: nn.Module
    card: ModelCard
    pooling: str = grad_cam.POOLING
    name: str = DEFAULT_ARCHITECTURE
    """Of the network."""
    known: Recorded | None = None
    """What tells an image that is unlike the slices of training; None where the model's run recorded nothing."""


@dataclass(frozen=True)
class Prediction:
    """One answer."""

    probabilities: npt.NDArray[np.float64]
    """Shape [4], in the order of ``CLASSES``: softmax of the scores divided by the model's temperature."""
    heat: npt.NDArray[np.float32]
    """Grad-CAM of the likeliest class, 0 to 1, shape [h, w]."""
    familiarity: Familiarity | None = None
    """How far the image is from the slices of training; None where the model's run recorded nothing to tell it by."""

    @property
    def unfamiliar(self) -> bool:
        """Whether the image is unlike anything that the model was trained on: then there is no answer at all."""
        return self.familiarity is not None and self.familiarity.unfamiliar

    @property
    def likeliest(self) -> str:
        """The class with the highest probability."""
        return CLASSES[int(self.probabilities.argmax())]

    @property
    def confidence(self) -> float:
        """The highest probability."""
        return float(self.probabilities.max())

    @property
    def margin(self) -> float:
        """Distance of the highest probability to the second, a fraction."""
        second, first = np.sort(self.probabilities)[-2:]
        return float(first - second)

    def call(self, threshold: float) -> str | None:
        """Return the likeliest class; None (no call) below the threshold, and for an unfamiliar image always."""
        return None if self.unfamiliar or self.confidence < threshold else self.likeliest


def load_answerer(output_dir: Path) -> Answerer:
    """Load the model in service.

    Raises
    ------
    InputError
        As :func:`common.artifacts.service.load_service`: nothing in service, or damaged weights.
    """
    service = load_service(output_dir)
    name = architecture_of(service.meta)
    model = build_model(name)
    model.load_state_dict(service.weights)
    model.eval().requires_grad_(False)
    return Answerer(model, _card(service), ARCHITECTURES[name].pooling, name, _known(service.familiarity, name))


def predict(answerer: Answerer, image: Image.Image) -> Prediction:
    """Judge one slice; the first of :func:`predict_many`."""
    return predict_many(answerer, [image])[0]


def predict_many(answerer: Answerer, images: Sequence[Image.Image]) -> list[Prediction]:
    """Judge slices (upright RGB), prepared by the very code that prepares slices for training and evaluation."""
    if not images:
        return []
    batch = torch.cat([preprocess(image, answerer.card.image_size) for image in images])
    maps = grad_cam.trunk(answerer.model, batch, answerer.pooling)
    with torch.no_grad():
        scores = grad_cam.head(answerer.model, maps, answerer.pooling).double() / (answerer.card.temperature or 1.0)
        probabilities = torch.softmax(scores, dim=1).numpy()
    heats = grad_cam.grad_cams(answerer.model, maps, probabilities.argmax(axis=1).tolist(), answerer.pooling)
    near = judge(answerer.model, batch, answerer.known, answerer.name)
    return [Prediction(*found) for found in zip(probabilities, heats, near, strict=True)]


def _known(recorded: Recorded | None, name: str) -> Recorded | None:
    """Return what was recorded, if it is of this network."""
    fits = recorded is not None and len(recorded.likeness.mean) == feature_count(name)
    return recorded if fits else None


def _card(service: ServiceModel) -> ModelCard:
    meta = service.meta
    size = count(meta.get("image_size")) or DEFAULT_IMAGE_SIZE  # version 1 recorded none and used 224
    temperature = _temperature(meta)
    errors = mapping(mapping(meta.get("metrics")).get("calibration"))
    return ModelCard(
        run_id=text(meta.get("run_id")),
        round=count(meta.get("best_epoch")),
        sha256=service.sha256,
        verified=service.verified,
        synthetic=meta["synthetic"] if isinstance(meta.get("synthetic"), bool) else None,
        image_size=min(max(size, 32), MAX_IMAGE_SIZE),
        trained_at=text(meta.get("trained_at")),
        calibration_error=number(errors.get("ece" if temperature is None else "calibrated_ece")),
        calibration=words.calibration(meta),
        notice=text(meta.get("notice")),
        temperature=temperature,
    )


def _temperature(meta: Mapping[str, Any]) -> float | None:
    """Return the recorded temperature; one that no run of this project can have fitted is none."""
    found = number(meta.get("temperature"))
    return found if found is not None and in_range(found) else None
