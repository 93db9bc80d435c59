"""An image that is unlike the slices of training has no answer; a model without a record cannot be asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from common.artifacts.service import put_in_service
from common.errors import InputError
from common.metrics.familiar.distances import count_distances, threshold_of
from common.metrics.familiar.file import Recorded
from common.metrics.familiar.record import Familiarity as Found
from common.metrics.familiar.sums import fit, sum_features
from common.model.registry import build_model, initial_weights
from common.training.familiarity import features_of
from common.training.preprocess import preprocess
from dashboard.model import familiarity, inference
from tests.support.service_runs import completed_run
from tests.support.uploads import slice_levels

torch.set_num_threads(1)
SIZE = 64


def heads(count: int) -> list[Image.Image]:
    """Slices as drawn for uploads, each a little brighter, darker and noisier than the other."""
    rng, levels = np.random.default_rng(0), slice_levels().astype(float)
    noisy = [levels * rng.uniform(0.7, 1.2) + (levels > 0) * rng.normal(0, 6, levels.shape) for _ in range(count)]
    return [Image.fromarray(np.clip(each, 0, 255).astype(np.uint8)).convert("RGB") for each in noisy]


def found_of(seed: int) -> Found:
    model = build_model("resnet18")
    model.load_state_dict(initial_weights("resnet18", seed))
    batch = torch.cat([preprocess(image, SIZE) for image in heads(90)])
    features = features_of(model.eval(), batch, "resnet18")
    known = fit([sum_features(features[:45])])
    counts = count_distances(known.distances(features[45:]))
    return Found(Recorded(known, threshold_of(counts) or 0, counts, counts), 45, ("A",))


@pytest.fixture(scope="module")
def output_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, found = tmp_path_factory.mktemp("out"), found_of(3)
    run = completed_run(folder, seed=3, image_size=SIZE, familiarity=found.to_json())
    (run / "familiarity.npz").write_bytes(found.file() or b"")
    completed_run(folder, "run-002", seed=3, image_size=SIZE)
    return folder


def test_a_slice_has_an_answer_and_noise_has_none(output_dir: Path) -> None:
    put_in_service(output_dir, "run-001", reason="a test", by="a test")
    answerer = inference.load_answerer(output_dir)
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (90, 90), dtype=np.uint8)).convert("RGB")
    grey = Image.new("RGB", (90, 90), (90, 90, 90))
    *slices, strange, flat = inference.predict_many(answerer, [*heads(110)[90:], noise, grey])
    like = [each for each in slices if not each.unfamiliar]
    assert len(like) >= 17, "some 95 % of 20"
    assert all(each.call(0.0) for each in like)
    assert strange.unfamiliar
    assert flat.unfamiliar
    assert strange.call(0.0) is None
    assert "unlike anything that the model was trained on, so there is no answer" in familiarity.sentence(
        strange.familiarity
    )
    assert familiarity.sentence(like[0].familiarity).startswith("This image is like the slices of training.")


def test_a_model_without_a_record_cannot_say_and_its_file_goes_with_its_model(output_dir: Path) -> None:
    put_in_service(output_dir, "run-001", reason="a test", by="a test")
    assert (output_dir / "models" / "familiarity.npz").exists()
    put_in_service(output_dir, "run-002", reason="a test", by="a test")
    assert not (output_dir / "models" / "familiarity.npz").exists()
    found = inference.predict(inference.load_answerer(output_dir), heads(1)[0])
    assert found.familiarity is None
    assert not found.unfamiliar
    assert familiarity.sentence(None) == familiarity.NOT_RECORDED


def test_a_file_of_another_network_is_no_record(output_dir: Path) -> None:
    put_in_service(output_dir, "run-001", reason="a test", by="a test")
    answerer = inference.load_answerer(output_dir)
    assert answerer.known is not None
    small = fit([sum_features(np.random.default_rng(0).normal(size=(30, 5)))])
    assert inference._known(replace(answerer.known, likeness=small), "resnet18") is None


@pytest.mark.parametrize("content", [None, b"", b"PK damaged"])
def test_a_damaged_or_missing_file_is_refused_before_it_is_in_service(
    output_dir: Path, tmp_path: Path, content: bytes | None
) -> None:
    run = completed_run(tmp_path, seed=3, familiarity=found_of(3).to_json())
    if content is not None:
        (run / "familiarity.npz").write_bytes(content)
    with pytest.raises(InputError, match=r"SERVICE00[34].*familiarity.npz"):
        put_in_service(tmp_path, "run-001", reason="a test", by="a test")


def test_a_file_of_another_run_is_refused(output_dir: Path, tmp_path: Path) -> None:
    run, other = completed_run(tmp_path, seed=3, familiarity=found_of(3).to_json()), found_of(4)
    (run / "familiarity.npz").write_bytes(other.file() or b"")
    with pytest.raises(InputError, match=r"SERVICE004.*SHA-256"):
        put_in_service(tmp_path, "run-001", reason="a test", by="a test")
