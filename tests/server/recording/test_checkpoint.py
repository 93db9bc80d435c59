import pickle

import numpy as np
import pytest
import torch

from common.errors import InputError
from server.recording.checkpoint import RunProgress
from tests.support.hospitals import start_arrays


@pytest.fixture
def progress():
    arrays = start_arrays()
    return RunProgress(
        arrays=arrays,
        round=3,
        best_arrays={name: array + array.dtype.type(1) for name, array in arrays.items()},
        best_round=2,
        history=[{"epoch": 1, "val_accuracy": 0.1 + 0.2, "failed": []}],
        files={"a": "hash"},
        missing=["Hospital B"],
        described={"a": "{}"},
        memory={"m": {"fc.weight": np.array([0.1], np.float32)}, "v": {"fc.weight": np.array([0.2], np.float64)}},
    )


def test_a_checkpoint_holds_everything_to_the_bit(progress, tmp_path):
    path = tmp_path / "checkpoint.pth"
    progress.save(path)
    back = RunProgress.load(path)
    for kind in ("arrays", "best_arrays"):
        saved, found = getattr(progress, kind), getattr(back, kind)
        assert list(found) == list(saved)
        for name, array in saved.items():
            np.testing.assert_array_equal(found[name], array)
            assert found[name].dtype == array.dtype
            assert found[name].shape == np.shape(array)
    for name, arrays in progress.memory.items():
        np.testing.assert_array_equal(back.memory[name]["fc.weight"], arrays["fc.weight"])
        assert back.memory[name]["fc.weight"].dtype == arrays["fc.weight"].dtype
    for name in ("round", "best_round", "history", "files", "missing", "described", "token"):
        assert getattr(back, name) == getattr(progress, name), name


def test_before_the_first_round_too(tmp_path):
    RunProgress(start_arrays()).save(tmp_path / "c.pth")
    assert RunProgress.load(tmp_path / "c.pth").best() is None


class Evil:
    def __reduce__(self):
        return (print, ("this must never be run",))


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize(
    "content",
    [b"", b"garbage", b"\x80\x04garbage", b"PK\x03\x04garbage", pickle.dumps({"round": 1}), pickle.dumps(Evil())],
    ids=["empty", "text", "pickle header", "zip header", "plain pickle", "code"],
)
def test_a_damaged_checkpoint_is_one_sentence(tmp_path, content, capsys):
    path = tmp_path / "checkpoint.pth"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"RUN003.*start a new one"):
        RunProgress.load(path)
    assert "never be run" not in capsys.readouterr().out


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_half_a_checkpoint_or_one_with_other_content_is_one_sentence(progress, tmp_path, share):
    path = tmp_path / "checkpoint.pth"
    progress.save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match="RUN003"):
        RunProgress.load(path)
    with pytest.raises(InputError, match="RUN003"):
        RunProgress.load(tmp_path / "none.pth")


def test_a_file_of_weights_is_no_checkpoint(tmp_path):
    torch.save({"fc.weight": torch.zeros(1)}, tmp_path / "w.pth")
    with pytest.raises(InputError, match="RUN003"):
        RunProgress.load(tmp_path / "w.pth")
    torch.save([1, 2], tmp_path / "l.pth")
    with pytest.raises(InputError, match="RUN003"):
        RunProgress.load(tmp_path / "l.pth")
