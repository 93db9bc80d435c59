import json
import os

import pytest
import torch

from common import files
from common.artifacts.weights import write_weights
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


def test_a_secret_is_never_readable_by_others(tmp_path, monkeypatch):
    modes = []
    before = os.replace
    monkeypatch.setattr(files.os, "replace", lambda old, new: (modes.append(os.stat(old).st_mode), before(old, new)))
    files.replace(tmp_path / "key", b"secret", mode=0o600)
    files.write_bytes(tmp_path / "card", b"open")
    assert [mode & 0o777 for mode in (*modes, (tmp_path / "key").stat().st_mode)] == [0o600, 0o644, 0o600]


def test_a_caller_can_say_in_its_own_words_why_a_file_cannot_be_written(tmp_path):
    with pytest.raises(FileNotFoundError):
        files.replace(tmp_path / "absent" / "a", b"")


def test_a_line_is_added_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "lines"
    files.append_line(path, b"one", mode=0o600)
    files.append_line(path, b"two")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"one\ntwo\n", 0o600)

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        files.append_line(path, b"three")
    assert path.read_bytes() == b"one\ntwo\n"


def test_what_a_killed_process_left_of_a_line_is_cut(tmp_path):
    path = tmp_path / "lines"
    for content, whole in ((b"one\ntw", b"one\n"), (b"one\n", b"one\n"), (b"o", b""), (b"", b"")):
        path.write_bytes(content)
        assert files.cut_torn_line(path) == (content != whole)
        assert path.read_bytes() == whole
