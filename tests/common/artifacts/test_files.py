import json
import os

import pytest
import torch

from common.artifacts import files
from common.artifacts.tensor_files import write_weights
from common.errors import RunError


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "a.json"
    files.write_json(path, {"ä": 1})
    files.write_json(path, {"ä": 2})
    assert json.loads(path.read_text()) == {"ä": 2}
    assert os.listdir(tmp_path) == ["a.json"]


def test_what_cannot_be_written_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    files.write_json(path, {"old": True})

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(RunError, match="No space left on device"):
        files.write_json(path, {"new": True})
    assert json.loads(path.read_text()) == {"old": True}
    assert os.listdir(tmp_path) == ["a.json"]


def test_nan_is_not_json(tmp_path):
    with pytest.raises(ValueError):
        files.write_json(tmp_path / "a.json", {"loss": float("nan")})
    assert not os.listdir(tmp_path)


def test_weights_load_without_pickle_and_match_their_hash(tmp_path):
    path = tmp_path / "w.pth"
    sha256 = write_weights(path, {"w": torch.arange(6.0).reshape(2, 3).t()})
    assert files.sha256_of(path) == sha256
    assert torch.equal(torch.load(path, weights_only=True)["w"], torch.arange(6.0).reshape(2, 3).t())
