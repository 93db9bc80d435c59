"""A run's model as ONNX, read back with onnx and onnxruntime."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import torchvision

from common.artifacts.weights import weights_file
from common.errors import InputError
from common.model.registry import build_model, initial_weights
from common.training.preprocess import normalise, to_batch
from server.export import onnx_check, onnx_model
from server.export.__main__ import main
from tests.support.run_files import write_run


def with_weights(output_dir: Path, **changes: object) -> Path:
    """A completed run with a small network's first weights."""
    folder = write_run(output_dir, "run-007")
    content = weights_file(initial_weights("resnet18", 1))
    (folder / "global_model.pth").write_bytes(content)
    meta = json.loads((folder / "model_meta.json").read_text())
    meta |= {"sha256": hashlib.sha256(content).hexdigest(), **changes}
    (folder / "model_meta.json").write_text(json.dumps(meta))
    return folder


def exported(output_dir: Path, *flags: str) -> int:
    return main(["run-007", "--to", "onnx", "--output-dir", str(output_dir), *flags])


def probabilities(path: Path, pixels: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    return session.run(["probabilities"], {"pixels": pixels.transpose(0, 3, 1, 2).copy()})[0]


@pytest.mark.parametrize("size", [64, 224])
def test_the_graph_says_what_pytorch_says_for_any_size_of_a_batch(tmp_path, size):
    with_weights(tmp_path, image_size=size)
    assert exported(tmp_path) == 0
    model = build_model("resnet18").eval()
    model.load_state_dict(initial_weights("resnet18", 1))
    for batch in (1, 3, 8):
        pixels = np.random.default_rng(batch).integers(0, 256, (batch, size, size, 3), dtype=np.uint8)
        said = probabilities(tmp_path / "exports/run-007/model.onnx", pixels)
        with torch.inference_mode():
            expected = torch.softmax(model(normalise(to_batch(pixels))) / 1.5, 1).numpy()
        assert said.shape == (batch, 4)
        assert np.abs(said - expected).max() < 1e-4


def test_the_metadata_says_labels_temperature_size_and_that_it_is_synthetic(tmp_path, capsys):
    with_weights(tmp_path)
    assert exported(tmp_path, "--out", str(tmp_path / "m.onnx")) == 0
    model = onnx.load(tmp_path / "m.onnx")
    said = {each.key: each.value for each in model.metadata_props}
    assert json.loads(said["labels"]) == ["glioma", "meningioma", "pituitary", "notumor"]
    assert (said["temperature"], said["image_size"], said["synthetic"]) == ("1.5", "64", "true")
    assert said["notice"].startswith("SYNTHETIC")
    assert "64 x 64" in said["before"]
    assert "SYNTHETIC" in capsys.readouterr().out


def test_a_graph_that_says_something_else_is_refused_and_nothing_is_written(tmp_path, monkeypatch, capsys):
    with_weights(tmp_path)
    monkeypatch.setattr(onnx_check, "TOLERANCE", -1.0)
    assert exported(tmp_path) == 2
    assert "EXPORT005" in capsys.readouterr().err
    assert not (tmp_path / "exports").exists()


def test_what_the_exporter_cannot_write_is_a_sentence(tmp_path, monkeypatch, capsys):
    def fails(*arguments, **named):
        raise RuntimeError("Exporting the operator 'aten::strange' is not supported")

    with_weights(tmp_path)
    monkeypatch.setattr(torch.onnx, "export", fails)
    assert exported(tmp_path) == 2
    assert "EXPORT005" in (said := capsys.readouterr().err)
    assert "aten::strange" in said
    assert not (tmp_path / "exports").exists()


def test_exporting_again_writes_the_same_file(tmp_path):
    with_weights(tmp_path)
    contents = set()
    for _ in range(2):
        assert exported(tmp_path) == 0
        contents.add((tmp_path / "exports/run-007/model.onnx").read_bytes())
    assert len(contents) == 1


def test_a_graph_with_another_temperature_does_not_pass():
    network = build_model("resnet18").eval()
    content = onnx_model.graph_of(network, 32, 0.25)
    assert onnx_check.check_against_pytorch(content, network, 32, 0.25) < 1e-4
    with pytest.raises(InputError, match="EXPORT005"):
        onnx_check.check_against_pytorch(content, network, 32, 4.0)


@pytest.mark.parametrize("build", [torchvision.models.mobilenet_v3_small, torchvision.models.efficientnet_b0])
def test_other_networks_pass_as_well(build):
    network = build(num_classes=4).eval()
    assert onnx_check.check_against_pytorch(onnx_model.graph_of(network, 64, 1.0), network, 64, 1.0) < 1e-4


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"no_shared_model": "Each hospital trained alone."}, "Each hospital trained alone"),
        ({"sha256": "00"}, "SHA-256"),
    ],
)
def test_a_run_without_a_sound_model_is_one_sentence(tmp_path, capsys, changes, says):
    with_weights(tmp_path, **changes)
    assert exported(tmp_path) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "exports").exists()


def test_a_study_has_no_model_of_its_own(tmp_path, capsys):
    assert main(["study-001", "--to", "onnx", "--output-dir", str(tmp_path)]) == 2
    assert "EXPORT003" in capsys.readouterr().err
