"""A run's ledger: killed at any step of the disk it goes on and verifies; changed in any way it does not."""

import io
import json
import shutil

import pytest
from rich.console import Console

from common import files, keys
from common.artifacts.layout import RunFolder
from common.artifacts.ledger.check import verify
from common.artifacts.ledger.lines import Resumed, read_chain
from common.errors import InputError, Interrupted
from common.files import sha256_of
from server.federation import lifecycle
from server.federation.training_phase import TrainingPhase
from server.recording.checkpoint import RunProgress
from tests.support.recorded import Killed, Steps, record


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def whole(tmp_path_factory, patch):
    """An undisturbed run of one round."""
    return record(tmp_path_factory.mktemp("whole"), patch, rounds=1)


@pytest.fixture(scope="module")
def killed(tmp_path_factory, patch):
    """A run that was killed in its third round."""
    output = tmp_path_factory.mktemp("killed")
    collect = TrainingPhase.collect

    def kill(self, number, arrays, record):
        if number == 3:
            raise Killed
        return collect(self, number, arrays, record)

    with pytest.MonkeyPatch.context() as inner:
        inner.setattr(TrainingPhase, "collect", kill)
        with pytest.raises(Killed):
            record(output, inner, rounds=3)
    return output


def copied(output, tmp_path):
    return shutil.copytree(output, tmp_path / "copy")


def going_on(output, patch):
    """The sentence with which a resumed run is refused; nothing of it may have changed."""
    before = {path: path.read_bytes() for path in (output / "artifacts").rglob("*") if path.is_file()}
    with pytest.raises(InputError) as caught:
        record(output, patch, resume=True, rounds=3)
    after = {path: path.read_bytes() for path in (output / "artifacts").rglob("*") if path.is_file()}
    assert after == before
    assert caught.value.exit_code == 2
    return str(caught.value)


def steps_of(output, **changes):
    """How often a run touches the disk."""
    with pytest.MonkeyPatch.context() as inner:
        steps = Steps(inner)
        record(output, inner, **changes)
    return steps.count


def test_killed_before_any_step_of_the_disk_it_ends_in_the_same_model(whole, tmp_path):
    gone_on = 0
    for kill_at in range(1, steps_of(tmp_path / "count", rounds=1) + 1):
        output = tmp_path / str(kill_at)
        with pytest.MonkeyPatch.context() as inner:
            Steps(inner, kill_at)
            with pytest.raises(Killed):
                record(output, inner, rounds=1)
        folder = output / "artifacts" / "run-001"
        if not (folder / "config.yaml").exists():  # RUN002: it had not begun
            continue
        run = RunFolder(output, "run-001")
        if not run.meta.exists():  # otherwise it is complete but for what is tidied up
            with pytest.MonkeyPatch.context() as inner:
                record(output, inner, rounds=1, resume=True)
                gone_on += 1
        verify(run)
        assert sha256_of(run.best_weights) == sha256_of(whole.best_weights), kill_at
    assert gone_on > 10


def test_killed_again_and_again_the_ledger_keeps_every_line(tmp_path):
    output, seen = tmp_path, []
    for kill_at in (18, 12, 9, 14, 11, 8):
        with pytest.MonkeyPatch.context() as inner:
            Steps(inner, kill_at)
            with pytest.raises(Killed):
                record(output, inner, rounds=3, resume=bool(seen))
        whole_lines = (output / "artifacts/run-001/ledger.jsonl").read_bytes().split(b"\n")[:-1]
        assert whole_lines[: len(seen)] == seen, "no line ever goes"
        seen = whole_lines
    with pytest.MonkeyPatch.context() as inner:
        chain = verify(record(output, inner, rounds=3, resume=True))
    assert sum(isinstance(entry, Resumed) for entry in chain.entries) >= 4
    assert chain.completed


TAMPERED = {
    "checkpoint.pth": "checkpoint.pth of round 2 was changed",
    "config.yaml": "config.yaml was changed",
    "training_history.json": "training_history.json of round 2 was changed",
    "dataset_splits.json": "dataset_splits.json was changed",
    "dataset_stats.json": "dataset_stats.json was changed",
    "label_map.json": "label_map.json was changed",
    "global_model.pth": "global_model.pth of round 1 was changed",
}


@pytest.mark.parametrize(("name", "said"), TAMPERED.items())
def test_a_run_does_not_go_on_with_a_changed_file(killed, tmp_path, patch, name, said):
    output = copied(killed, tmp_path)
    path = output / "artifacts/run-001" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    assert f"LEDGER001: run-001 is not what was recorded: {said}" in going_on(output, patch)


def test_without_its_checkpoint_a_run_does_not_begin_again(killed, tmp_path, patch):
    output = copied(killed, tmp_path)
    (output / "artifacts/run-001/checkpoint.pth").unlink()
    assert "LEDGER003: run-001 has 2 complete rounds but no checkpoint.pth" in going_on(output, patch)
    run = output / "artifacts/run-001"
    (run / "training_history.json").write_text("[]")
    (run / "status.json").write_text(json.dumps(json.loads((run / "status.json").read_text()) | {"round": 0}))
    assert "LEDGER001" in going_on(output, patch), "and whoever hides the rounds is found out"
    (run / "ledger.jsonl").unlink()
    assert "LEDGER002" in going_on(output, patch)


def test_an_older_checkpoint_in_its_place_is_refused(tmp_path, patch):
    older = {}
    collect = TrainingPhase.collect

    def keep(self, number, arrays, record):
        path = tmp_path / "artifacts/run-001/checkpoint.pth"
        older[number - 1] = path.read_bytes() if number > 1 else b""
        if number == 3:
            raise Interrupted("RUN130", "The run was stopped.")
        return collect(self, number, arrays, record)

    with pytest.MonkeyPatch.context() as inner:
        inner.setattr(TrainingPhase, "collect", keep)
        with pytest.raises(Interrupted):
            record(tmp_path, inner, rounds=3)
    (tmp_path / "artifacts/run-001/checkpoint.pth").write_bytes(older[1])
    assert "checkpoint.pth of round 2 was changed" in going_on(tmp_path, patch)
    (tmp_path / "artifacts/run-001/checkpoint.pth").write_bytes(older[2])
    assert verify(record(tmp_path, patch, resume=True, rounds=3)).completed


def test_a_ledger_without_its_last_lines_does_not_fit_the_files(killed, tmp_path, patch):
    output = copied(killed, tmp_path)
    path = output / "artifacts/run-001/ledger.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-4]))  # what belongs to round 2
    assert "LEDGER001" in going_on(output, patch)


def test_a_run_without_its_ledger_is_refused_wherever_that_is_recorded(killed, tmp_path, patch):
    output = copied(killed, tmp_path)
    run = output / "artifacts/run-001"
    (run / "ledger.jsonl").unlink()
    assert "LEDGER002: run-001 had a ledger.jsonl, and it is gone" in going_on(output, patch)
    (run / "status.json").write_text("{}")
    assert "LEDGER002" in going_on(output, patch), "the checkpoint remembers, too"


def test_another_key_is_noticed(killed, tmp_path, patch):
    output = copied(killed, tmp_path)
    (output / ".ledger/private.key").unlink()
    said = ""
    with pytest.raises(InputError, match="LEDGER004: The key that signs the ledger of run-001") as caught:
        record(output, patch, resume=True, rounds=3)
    said = str(caught.value)
    line = read_chain(output / "artifacts/run-001/ledger.jsonl").began.key
    assert keys.fingerprint(keys.public_from_line(line)) in said
    (output / ".ledger/keys.pub").write_text("ssh-ed25519 AAAA another\n")
    with pytest.raises(InputError, match="is signed by a key that is not among those of"):
        record(output, patch, resume=True, rounds=3)


def test_a_run_of_an_earlier_version_gets_a_ledger_where_it_goes_on(killed, tmp_path, patch, monkeypatch):
    output = copied(killed, tmp_path)
    run = output / "artifacts/run-001"
    progress = RunProgress.load(run / "checkpoint.pth")
    progress.ledger = ""
    progress.save(run / "checkpoint.pth")
    status = json.loads((run / "status.json").read_text())
    del status["ledger"]
    (run / "status.json").write_text(json.dumps(status))
    (run / "ledger.jsonl").unlink()
    screen = io.StringIO()
    monkeypatch.setattr("tests.support.recorded.Console", lambda **_: Console(file=screen, width=300))
    chain = verify(record(output, patch, resume=True, rounds=3))
    assert chain.began.round == 2
    assert sorted(chain.combined) == [3]
    assert "begins now, after round 2, and nothing proves the rounds before" in screen.getvalue()


def test_of_such_a_run_too_no_checkpoint_means_no_new_beginning(killed, tmp_path, patch):
    output = copied(killed, tmp_path)
    run = output / "artifacts/run-001"
    for name in ("ledger.jsonl", "checkpoint.pth", "status.json"):
        (run / name).unlink()
    assert "LEDGER003" in going_on(output, patch)


def test_a_full_disk_ends_the_run_in_a_sentence_and_it_goes_on_later(tmp_path, patch):
    append, count = files.append_line, 0

    def full(*given, **more):
        nonlocal count
        count += 1
        if count == 7:
            raise OSError(28, "No space left on device")
        append(*given, **more)

    with pytest.MonkeyPatch.context() as inner:
        inner.setattr(files, "append_line", full)
        with pytest.raises(Exception, match=r"DISK001.*ledger.jsonl cannot be written"):
            record(tmp_path, inner, rounds=1)
    assert verify(record(tmp_path, patch, resume=True, rounds=1)).completed


def test_where_no_key_can_be_kept_nothing_is_begun(tmp_path, patch):
    (tmp_path / ".ledger").write_text("a file")
    with pytest.raises(InputError, match=r"OUT001: .*\.ledger cannot be written"):
        record(tmp_path, patch)
    assert not list((tmp_path / "artifacts").iterdir())


def test_the_key_is_for_its_owner_alone(whole):
    path = whole.output_dir / ".ledger/private.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert lifecycle.key_for_new(whole.output_dir, None).private_numbers() == keys.load_private(path).private_numbers()
