"""``python -m server.verify`` on a real run of phantoms that kept its updates."""

import contextlib
import io
import json
import os
import shutil
import sys

import pytest

from common.artifacts.layout import RunFolder
from common.config.hydra import run_main
from common.files import sha256_of
from server import promote, simulate
from server.verify import main
from tests.conftest import base_overrides


@pytest.fixture(scope="module")
def output(phantoms, tmp_path_factory):
    """Where run-001 lies, complete, with each hospital's updates of two rounds."""
    folder = tmp_path_factory.mktemp("verify")
    settings = [*base_overrides(phantoms, folder / "cache"), f"output_dir={folder}", "keep_updates=true"]
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.setattr(sys, "argv", ["server.simulate", *settings])
        run_main(simulate.simulate, "config")
    return folder


@pytest.fixture
def run(output, tmp_path):
    """A copy to tamper with; what is large is shared until it is changed."""
    for name in ("artifacts", ".ledger"):
        shutil.copytree(output / name, tmp_path / name, copy_function=link)
    return RunFolder(tmp_path, "run-001")


def link(source, target):
    os.link(source, target)


def verify(run, *flags):
    return main(["run-001", "--output-dir", str(run.output_dir), *flags])


def change(path, share=0.5):
    """Flip a bit of a file of the copy alone."""
    content = bytearray(path.read_bytes())
    content[int(share * len(content))] ^= 1
    path.unlink()
    path.write_bytes(bytes(content))


def test_every_model_is_computed_anew_to_the_bit(run, capsys):
    assert verify(run) == 0
    said = capsys.readouterr().out
    assert "6 updates went in, none signed, since the hospitals had no keys." in said
    assert "2 models computed anew from the updates: the same to the bit." in said
    assert said.endswith("run-001 is as recorded.\n")


def test_kept_updates_are_their_owners_alone(output):
    updates = sorted(RunFolder(output, "run-001").path.glob("updates/*/*"))
    assert [path.parent.name for path in updates] == ["round-0001"] * 3 + ["round-0002"] * 3
    assert {path.stat().st_mode & 0o777 for path in updates} == {0o600}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("updates/round-0002/phantom_jaipur.update", "updates/round-0002/phantom_jaipur.update was changed: line 12"),
        ("global_model.pth", "global_model.pth was changed: line 15"),
        ("config.yaml", "config.yaml was changed: line 1 "),
    ],
)
def test_what_differs_is_one_sentence(run, capsys, name, said):
    change(run.path / name)
    assert verify(run) == 2
    error = capsys.readouterr().err
    assert error.startswith("error LEDGER001: run-001 is not what was recorded: ")
    assert said in error
    assert error.count("\n") == 1


def test_a_missing_update_is_named(run, capsys):
    run.kept_update(1, "phantom_kolkata").unlink()
    assert verify(run) == 2
    assert "updates/round-0001/phantom_kolkata.update is missing: line 8" in capsys.readouterr().err


def test_a_model_that_its_updates_do_not_make_is_found_out(run, capsys):
    """As if the centre had written other numbers into its ledger, with its own key."""
    import msgspec

    from common import keys
    from common.artifacts.ledger.lines import Combined, hash_of, line_of, read_chain

    key = keys.load_private(run.output_dir / ".ledger" / "private.key")
    other = 3 - json.loads(run.meta.read_text())["best_epoch"]  # the best one's is that of a file, too
    lines, last = [], ""
    for entry in read_chain(run.ledger).entries:
        changed = {"previous": last}
        if isinstance(entry, Combined) and entry.round == other:
            changed["model"] = "00" * 32
        lines.append(line_of(msgspec.structs.replace(entry, **changed), key))
        last = hash_of(lines[-1])
    run.ledger.unlink()
    run.ledger.write_bytes(b"\n".join(lines) + b"\n")
    assert verify(run) == 2
    assert f"The model of round {other} is not the one that its updates make" in capsys.readouterr().err


def test_promote_takes_what_verifies_and_nothing_else(run, capsys):
    command = ["run-001", "--reason", "it verifies", "--output-dir", str(run.output_dir)]
    assert promote.main(command) == 0
    assert "no ledger" not in capsys.readouterr().out
    served = sha256_of(run.output_dir / "models" / "global_model.pth")
    change(run.history, 0.3)
    assert promote.main(command) == 2
    assert "LEDGER001: run-001 is not what was recorded: training_history.json of round 2" in capsys.readouterr().err
    assert sha256_of(run.output_dir / "models" / "global_model.pth") == served


def test_a_run_of_an_earlier_version_is_promoted_and_called_so(run, capsys):
    run.ledger.unlink()
    assert verify(run) == 2
    assert "LEDGER002" in capsys.readouterr().err
    for path in (run.meta, run.status):
        content = json.loads(path.read_text())
        del content["ledger"]
        path.unlink()
        path.write_text(json.dumps(content))
    assert verify(run) == 2
    sentence = "run-001 has no ledger.jsonl (it was begun before runs kept one), so nothing proves its files."
    assert f"LEDGER007: {sentence}" in capsys.readouterr().err
    assert promote.main(["run-001", "--reason", "as before", "--output-dir", str(run.output_dir)]) == 0
    assert sentence in capsys.readouterr().out


def test_no_run_a_running_one_and_the_wrong_key(run, tmp_path, capsys):
    assert main(["run-404", "--output-dir", str(run.output_dir)]) == 2
    assert "RUN001" in capsys.readouterr().err
    from filelock import FileLock

    with FileLock(run.lock):
        assert verify(run) == 2
    assert "RUN006" in capsys.readouterr().err
    from common import keys

    keys.new_key_pair(tmp_path / "other.key", tmp_path / "other.pub", "other")
    assert verify(run, "--centre-key", str(tmp_path / "other.pub")) == 2
    assert "The ledger is not signed by the key in" in capsys.readouterr().err
