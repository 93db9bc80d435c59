"""A finished run: one flipped byte, a missing or a strange file, and the first thing that differs is named."""

import json
import shutil

import pytest

from common.artifacts.layout import RunFolder
from common.artifacts.ledger.check import require_verified, verify
from common.artifacts.ledger.lines import Differs, read_chain
from common.artifacts.listing.about import About, write_about
from common.artifacts.service import put_in_service
from common.errors import InputError
from tests.support.recorded import record

FILES = {  # what the sentence calls each, and the line that says another
    "config.yaml": ("config.yaml", 1),
    "label_map.json": ("label_map.json", 1),
    "dataset_stats.json": ("dataset_stats.json", 3),
    "dataset_splits.json": ("dataset_splits.json", 3),
    "training_history.json": ("training_history.json of round 2", 11),
    "global_model.pth": ("global_model.pth", 13),
    "model_card.md": ("model_card.md", 13),
    "status.json": ("status.json", 13),
    "model_meta.json": ("model_meta.json", 13),
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        return record(tmp_path_factory.mktemp("finished"), patch)


@pytest.fixture
def run(finished, tmp_path):
    """A copy to tamper with."""
    shutil.copytree(finished.output_dir, tmp_path / "copy")
    return RunFolder(tmp_path / "copy", finished.run_id)


def test_an_untouched_run_verifies_and_says_what_it_did(run):
    chain = require_verified(run)
    assert [type(entry).__name__ for entry in chain.entries if type(entry).__name__ != "Stored"] == [
        "Began",
        "Described",
        *["Asked", "Combined", "RoundDone"] * 2,
        "Completed",
    ]
    assert {update.hospital: update.samples for update in chain.combined[2].updates} == {"a": 4, "b": 8, "c": 12}
    assert json.loads(chain.began.plan)["rounds"] == 2
    assert chain.began.hospitals == {"a": "Hospital A", "b": "Hospital B", "c": "Hospital C"}
    assert json.loads(run.meta.read_text())["ledger"] == json.loads(run.status.read_text())["ledger"] == chain.hashes[0]


def test_every_file_of_a_run_is_in_the_table(run):
    assert {path.name for path in run.path.iterdir()} == {*FILES, "ledger.jsonl", ".lock"}


def test_what_people_say_of_a_run_is_no_part_of_what_is_verified(run):
    write_about(run.path, About("ours", ("paper",), "seen"))
    assert require_verified(run)


@pytest.mark.parametrize(("share", "bit"), [(0.0, 1), (0.5, 32), (0.999, 128)])
@pytest.mark.parametrize("name", FILES)
def test_one_flipped_bit_names_its_file(run, name, share, bit):
    path = run.path / name
    content = bytearray(path.read_bytes())
    content[int(share * len(content))] ^= bit
    path.write_bytes(bytes(content))
    what, line = FILES[name]
    with pytest.raises(Differs, match=f"{what} was changed: line {line} of the ledger") as caught:
        verify(run)
    assert (caught.value.file, caught.value.line) == (name, line)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(run, name):
    (run.path / name).unlink()
    with pytest.raises(Differs, match=f"{FILES[name][0]} is missing"):
        verify(run)


@pytest.mark.parametrize("name", FILES)
def test_something_else_under_a_files_name_is_not_waited_for(run, name):
    import os

    (run.path / name).unlink()
    os.mkfifo(run.path / name)
    with pytest.raises(Differs, match=f"{FILES[name][0]} was changed"):
        verify(run)


def test_of_two_changes_the_first_is_named(run):
    for path in (run.meta, run.history, run.config):
        path.write_text("{}")
    with pytest.raises(Differs, match=r"config.yaml was changed"):
        verify(run)


@pytest.mark.parametrize("kept", range(1, 14))
def test_a_ledger_cut_short_does_not_fit_a_complete_run(run, kept):
    lines = run.ledger.read_bytes().splitlines(keepends=True)
    run.ledger.write_bytes(b"".join(lines[:kept]))
    with pytest.raises(Differs):
        verify(run)


def test_the_beginning_of_a_further_line_has_no_place_in_a_complete_run(run):
    with run.ledger.open("ab") as file:
        file.write(b'{"entry":')
    with pytest.raises(Differs, match="something stands after its last line"):
        verify(run)


@pytest.mark.parametrize("name", ["checkpoint.pth", "cross_duplicates/a.matches.json"])
def test_a_file_that_was_put_there_is_named(run, name):
    (run.path / name).parent.mkdir(exist_ok=True)
    (run.path / name).write_text("{}")
    with pytest.raises(Differs, match=f"{name}.* was changed|{name} is not in the ledger"):
        verify(run)


def test_anothers_ledger_is_none(run, tmp_path):
    other = RunFolder(run.output_dir, "run-002")
    shutil.copytree(run.path, other.path)
    with pytest.raises(Differs, match="is that of run-001"):
        verify(other)


def test_a_run_signed_by_whoever_had_no_key_here(run, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        forged = record(tmp_path / "elsewhere", patch, seed=43)
    shutil.rmtree(run.path)
    shutil.copytree(forged.path, run.path)
    with pytest.raises(Differs, match="signed by a key that is not among those of"):
        verify(run)


def test_service_takes_no_run_that_does_not_verify(run):
    run.card.write_text("a better card")
    with pytest.raises(InputError, match=r"LEDGER001: run-001 is not what was recorded: model_card.md was changed"):
        put_in_service(run.output_dir, "run-001", reason="better", by="a test")
    assert not run.output_dir.joinpath("models", "global_model.pth").exists()
    run.ledger.unlink()
    with pytest.raises(InputError, match="LEDGER002"):
        put_in_service(run.output_dir, "run-001", reason="better", by="a test")


def test_a_run_of_an_earlier_version_has_none_and_that_is_in_order(run):
    run.ledger.unlink()
    for path in (run.meta, run.status):
        content = json.loads(path.read_text())
        del content["ledger"]
        path.write_text(json.dumps(content))
    assert require_verified(run) is None


def test_a_copy_elsewhere_verifies_without_the_list_of_keys(run):
    (run.output_dir / ".ledger" / "keys.pub").unlink()
    assert verify(run).hashes == read_chain(run.ledger).hashes
