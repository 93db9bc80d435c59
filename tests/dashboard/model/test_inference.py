from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from common.artifacts.service import put_in_service
from common.data.decode import decode_rgb, to_square
from common.errors import InputError
from common.labels import CLASSES
from common.model import grad_cam
from common.training.preprocess import normalise, preprocess, to_batch
from dashboard.model import inference
from tests.support.service_runs import completed_run
from tests.support.uploads import png, read_upload, slice_levels

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def output_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    completed_run(folder, seed=3, synthetic=True, metrics={"calibration": {"ece": 0.031, "bins": []}})
    put_in_service(folder, "run-001", reason="a test", by="a test")
    return folder


@pytest.fixture(scope="module")
def answerer(output_dir: Path) -> inference.Answerer:
    return inference.load_answerer(output_dir)


def test_an_upload_meets_the_very_preprocessing_of_training(tmp_path: Path, answerer: inference.Answerer) -> None:
    levels = np.random.default_rng(0).integers(0, 256, (97, 131, 3), dtype=np.uint8)
    Image.fromarray(levels).save(tmp_path / "slice.png")
    size = answerer.card.image_size
    from_training = normalise(to_batch(to_square(decode_rgb(tmp_path / "slice.png"), size)[np.newaxis]))
    uploaded = read_upload("slice.png", (tmp_path / "slice.png").read_bytes())
    assert torch.equal(preprocess(uploaded.image, size), from_training)
    with torch.no_grad():
        expected = torch.softmax(answerer.model(from_training)[0].double(), dim=0).numpy()
    assert np.allclose(inference.predict(answerer, uploaded.image).probabilities, expected, atol=1e-6)


def test_the_model_card(answerer: inference.Answerer, output_dir: Path) -> None:
    card = answerer.card
    assert (card.run_id, card.round, card.image_size, card.synthetic, card.verified) == ("run-001", 3, 64, True, True)
    assert card.calibration_error == 0.031
    assert card.temperature is None
    assert card.sha256 == json.loads((output_dir / "models" / "model_meta.json").read_text())["sha256"]


@pytest.mark.parametrize("temperature", [0.25, 1.5, 4.0])
def test_the_scores_are_divided_by_the_recorded_temperature(answerer: inference.Answerer, temperature: float) -> None:
    heated = replace(answerer, card=replace(answerer.card, temperature=temperature))
    image = read_upload("a.png", png()).image
    with torch.no_grad():
        logits = answerer.model(preprocess(image, answerer.card.image_size))[0].double()
    plain, calibrated = inference.predict(answerer, image), inference.predict(heated, image)
    assert np.allclose(calibrated.probabilities, torch.softmax(logits / temperature, dim=0).numpy(), atol=1e-6)
    assert calibrated.likeliest == plain.likeliest
    between = (plain.confidence + calibrated.confidence) / 2
    assert (calibrated.call(between) is None) == (temperature > 1), "the call is of the calibrated probability"
    assert (plain.call(between) is None) == (temperature < 1)
    assert (calibrated.heat == plain.heat).all()


@pytest.mark.parametrize(
    ("recorded", "temperature", "error"),
    [(1.5, 1.5, 0.01), (None, None, 0.031), ("hot", None, 0.031), (0, None, 0.031), (9.0, None, 0.031)],
)
def test_the_temperature_comes_from_the_model_in_service(
    tmp_path: Path, recorded: object, temperature: float | None, error: float
) -> None:
    errors = {"ece": 0.031, "calibrated_ece": 0.01, "bins": []}
    completed_run(tmp_path, seed=3, metrics={"calibration": errors}, temperature=recorded)
    put_in_service(tmp_path, "run-001", reason="a test", by="a test")
    card = inference.load_answerer(tmp_path).card
    assert (card.temperature, card.calibration_error) == (temperature, error)


def test_version_1_has_no_weights_and_so_no_model(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "model_meta.json").write_text('{"best_epoch": 10}')
    with pytest.raises(InputError):
        inference.load_answerer(tmp_path)


def test_answers_are_the_same_every_time_and_leave_the_model_alone(answerer: inference.Answerer) -> None:
    image = read_upload("a.png", png()).image
    before = {name: value.clone() for name, value in answerer.model.state_dict().items()}
    first, second = inference.predict(answerer, image), inference.predict(answerer, image)
    assert (first.probabilities == second.probabilities).all()
    assert (first.heat == second.heat).all()
    assert all(torch.equal(value, before[name]) for name, value in answerer.model.state_dict().items())
    assert all(parameter.grad is None for parameter in answerer.model.parameters())
    assert not answerer.model.training


def test_many_slices_at_once_get_the_answers_that_each_gets_alone(answerer: inference.Answerer) -> None:
    images = [Image.fromarray(np.roll(slice_levels(), shift, axis=1)).convert("RGB") for shift in (0, 9, 30)]
    together = inference.predict_many(answerer, images)
    for image, found in zip(images, together, strict=True):
        alone = inference.predict(answerer, image)
        assert np.allclose(found.probabilities, alone.probabilities, atol=1e-5)
        assert np.allclose(found.heat, alone.heat, atol=1e-3)
    assert inference.predict_many(answerer, []) == []


def test_margin_and_no_call() -> None:
    prediction = inference.Prediction(np.array([0.2, 0.55, 0.15, 0.1]), np.zeros((2, 2), np.float32))
    assert prediction.likeliest == CLASSES[1]
    assert prediction.margin == pytest.approx(0.35)
    assert prediction.call(0.5) == "meningioma"
    assert prediction.call(0.7) is None


def test_grad_cam_equals_the_class_activation_map(answerer: inference.Answerer) -> None:
    """With pooling and one linear layer behind the maps, Grad-CAM is the sum of the maps weighted by that layer."""
    maps = grad_cam.trunk(answerer.model, preprocess(read_upload("a.png", png()).image, 64))
    assert torch.allclose(
        grad_cam.head(answerer.model, maps), answerer.model(preprocess(read_upload("a.png", png()).image, 64))
    )
    for target in range(4):
        weights = answerer.model.fc.weight[target]
        plain = torch.relu((weights[:, None, None] * maps[0]).sum(0))
        expected = (plain / plain.max().clamp_min(1e-12)).numpy()
        heat = grad_cam.grad_cam(answerer.model, maps, target)
        assert heat.shape == tuple(maps.shape[-2:])
        assert np.allclose(heat, expected, atol=1e-4)
