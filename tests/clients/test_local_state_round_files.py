"""What a hospital keeps of a run: whole, by round, and not at a server's whim."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from clients.local_state import RoundFiles
from common.errors import InputError, RunError

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "0123456789abcdef" * 2
ARRAYS = {
    "bn1.weight": np.array([1.5, -2.0], np.float32),
    "bn1.num_batches_tracked": np.array(7, np.int64),
}


@pytest.fixture
def store(tmp_path) -> RoundFiles:
    return RoundFiles(tmp_path, TOKEN, "aiims_delhi", "model")


def names(store: RoundFiles) -> list[str]:
    return sorted(path.name for path in store.folder.iterdir())


def test_another_process_finds_what_was_kept_to_the_bit(store, tmp_path):
    store.save(3, ARRAYS)
    program = (
        "import sys; from pathlib import Path; from clients.local_state import RoundFiles\n"
        f"found = RoundFiles(Path(sys.argv[1]), {TOKEN!r}, 'aiims_delhi', 'model').load(3)\n"
        "print(sorted((name, str(a.dtype), a.tolist()) for name, a in found.items()))"
    )
    out = subprocess.run(
        [sys.executable, "-c", program, tmp_path], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == str(sorted((name, str(a.dtype), a.tolist()) for name, a in ARRAYS.items()))


def test_a_round_done_again_replaces_its_own_and_no_other(store):
    store.save(1, ARRAYS)
    store.save(2, ARRAYS)
    store.save(2, {"bn1.weight": np.zeros(2, np.float32)})
    np.testing.assert_array_equal(store.load(1)["bn1.weight"], ARRAYS["bn1.weight"])
    assert not store.load(2)["bn1.weight"].any()
    assert names(store) == ["model-round-0001.pth", "model-round-0002.pth"], "no temporary file stays"


def test_runs_hospitals_and_series_are_apart(store, tmp_path):
    store.save(1, ARRAYS)
    others = [
        RoundFiles(tmp_path, TOKEN[::-1], "aiims_delhi", "model"),
        RoundFiles(tmp_path, TOKEN, "nimhans_bengaluru", "model"),
        RoundFiles(tmp_path, TOKEN, "aiims_delhi", "control"),
    ]
    for other in others:
        with pytest.raises(RunError, match="STORE002"):
            other.load(1)


def test_only_what_is_needed_stays(store, tmp_path):
    control = RoundFiles(tmp_path, TOKEN, "aiims_delhi", "control")
    for number in (1, 2, 3, 10):
        store.save(number, ARRAYS)
    control.save(2, ARRAYS)
    store.retain({1, 10, 99})
    assert names(store) == ["control-round-0002.pth", "model-round-0001.pth", "model-round-0010.pth"]


@pytest.mark.parametrize("content", [b"", b"no weights", None])
def test_what_is_gone_or_damaged_is_said_and_not_replaced(store, content):
    path = store.save(1, ARRAYS)
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    with pytest.raises(RunError, match=r"STORE002.*round 1; put the file back"):
        store.load(1)


@pytest.mark.parametrize("token", ["", "..", "../../etc", TOKEN[:-1], TOKEN.upper(), TOKEN + "\n", "/" + TOKEN[1:]])
def test_a_server_cannot_name_a_folder(tmp_path, token):
    with pytest.raises(InputError, match="STORE001"):
        RoundFiles(tmp_path, token, "aiims_delhi", "model")


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "runs").touch()
    with pytest.raises(RunError, match="DISK001"):
        RoundFiles(tmp_path, TOKEN, "aiims_delhi", "model").save(1, ARRAYS)


def test_nobody_else_may_look(store):
    store.save(1, ARRAYS)
    assert store.folder.stat().st_mode & 0o077 == 0


def test_nothing_to_hold_on_to_leaves_no_folder_unless_something_else_is_kept(store, tmp_path):
    other = RoundFiles(tmp_path, TOKEN, "aiims_delhi", "control")
    store.save(1, ARRAYS)
    other.save(1, ARRAYS)
    store.retain(())
    assert names(store) == ["control-round-0001.pth"]
    other.retain(())
    assert list((tmp_path / "runs").iterdir()) == []
    other.retain(())
