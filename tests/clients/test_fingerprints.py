"""The three commands, as the hospitals and the centre give them."""

import contextlib
import io
import json
import os
import shutil
import stat
import sys
from pathlib import Path

import pytest

from clients import fingerprints, shared_key
from common.config.hydra import run_main
from common.phantoms.folders import make_phantoms
from server import cross_duplicates
from tests.conftest import Finished


def said(command, *arguments: str, cwd: Path) -> Finished:
    """Give a command in this process, in a folder."""
    out, err, before = io.StringIO(), io.StringIO(), Path.cwd()
    os.chdir(cwd)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["command", *arguments])
            patch.setenv("COLUMNS", "120")
            code = command()
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    finally:
        os.chdir(before)
    return Finished(code or 0, out.getvalue(), err.getvalue())


def made(cwd: Path, hospital: str, root: Path, *more: str) -> Finished:
    settings = (f"hospital={hospital}", f"data.root={root}", "data.image_size=32", *more)
    return said(lambda: run_main(fingerprints.fingerprint_hospital, "fingerprints"), *settings, cwd=cwd)


def matched(cwd: Path, *arguments: str) -> Finished:
    return said(cross_duplicates.main, *arguments, cwd=cwd)


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Jaipur holds one of Hyderabad's slices, of a patient both know; everything was made and compared."""
    place = tmp_path_factory.mktemp("compared")
    root = place / "set"
    make_phantoms(root, image_size=64, slices_per_class=8, faults=False)
    original = sorted((root / "dataset-2" / "Meningioma").iterdir())[1]
    shutil.copy(original, root / "dataset-1" / "meningioma" / f"Zz secret{original.suffix}")
    for name, file, patient in (
        ("dataset-1", f"meningioma/Zz secret{original.suffix}", "MRN 77"),
        ("dataset-2", f"Meningioma/{original.name}", "mrn  77"),
    ):
        (root / name / "manifest.csv").write_text(f"file,label,patient\n{file},,{patient}\n")
    assert said(shared_key.main, "shared.key", cwd=place).code == 0
    for hospital in ("phantom_jaipur", "phantom_hyderabad"):
        done = made(place, hospital, root, "key=shared.key", f"out={hospital}.json")
        assert done.code == 0, done.err
    done = matched(place, "phantom_jaipur.json", "phantom_hyderabad.json", "--out=lists")
    assert done.code == 0, done.err
    return place, root, original, done.out


def test_the_table_counts(compared):
    (row,) = [line for line in compared[3].splitlines() if "Phantom Hyderabad" in line]
    assert row.split()[:4] == ["Phantom", "Jaipur", "Phantom", "Hyderabad"]
    *_, here, _, there, pairs, patients = row.split()
    assert here == "1"
    assert patients == "1"
    assert there == pairs  # the original, and its neighbours where they cannot be told apart


def test_the_file_for_the_centre_holds_no_name_and_is_the_owners(compared):
    place, root, _, _ = compared
    path = place / "phantom_jaipur.json"
    text = path.read_text()
    assert set(json.loads(text)) == {
        *("kind", "method", "hospital", "name", "file_count", "files_sha256", "key_mark", "indices", "tokens"),
        *("patients", "patient_parts"),
    }
    assert len(json.loads(text)["patients"]) == 12
    assert "mrn 77" not in text.casefold()
    assert not [file for file in (root / "dataset-1").rglob("*.*") if file.name in text]
    assert "secret" not in text
    assert (place / "shared.key").read_text().strip() not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_each_hospital_looks_its_own_files_up(compared):
    place, root, original, _ = compared
    here = made(place, "phantom_jaipur", root, "matches=lists/phantom_jaipur.matches.json")
    assert here.code == 0, here.err
    assert f"meningioma/Zz secret{original.suffix}  is at Phantom Hyderabad, number " in here.out
    there = made(place, "phantom_hyderabad", root, "matches=lists/phantom_hyderabad.matches.json")
    assert f"{original.name}  is at Phantom Jaipur, number " in there.out
    assert "Zz secret" not in there.out
    assert "Patients are, too: add key=FILE" in there.out
    known = made(place, "phantom_hyderabad", root, "matches=lists/phantom_hyderabad.matches.json", "key=shared.key")
    assert f"{original.name}  is of a patient whom Phantom Jaipur knows too" in known.out
    assert "1 patient may be at another hospital too" in known.out
    assert original.name not in (place / "lists" / "phantom_jaipur.matches.json").read_text()


def test_a_list_for_others_or_for_other_files_is_refused(compared, tmp_path):
    place, root, _, _ = compared
    other = made(place, "phantom_hyderabad", root, "matches=lists/phantom_jaipur.matches.json")
    assert (other.code, "DUP005" in other.err) == (2, True)
    shutil.copytree(root, tmp_path / "set")
    next((tmp_path / "set" / "dataset-1" / "glioma").iterdir()).unlink()
    stale = made(place, "phantom_jaipur", tmp_path / "set", "matches=lists/phantom_jaipur.matches.json")
    assert (stale.code, "DUP007" in stale.err) == (2, True)


def test_another_key_is_said_and_no_clean_result(compared, tmp_path):
    place, root, _, _ = compared
    assert said(shared_key.main, "other.key", cwd=tmp_path).code == 0
    assert made(tmp_path, "phantom_hyderabad", root, "key=other.key", "out=other.json").code == 0
    done = matched(tmp_path, str(place / "phantom_jaipur.json"), "other.json")
    assert (done.code, done.out) == (2, "")
    assert "DUP003" in done.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], "CONF012"),
        (["out=a.json"], "CONF012"),
        (["key=k", "out=a.json", "matches=m"], "CONF012"),
        (["key=nowhere.key", "out=a.json"], "KEY006"),
        (["matches=nowhere.json"], "DUP005"),
        (["colour=red"], "CONF001"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_exit_2(arguments, code, phantoms, tmp_path):
    done = made(tmp_path, "phantom_jaipur", phantoms, *arguments)
    assert (done.code, done.out) == (2, "")
    assert code in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(("files", "code"), [(["a.json"], "DUP004"), (["a.json", "b.json"], "DUP001")])
def test_the_centre_needs_files_of_two(files, code, tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xff\xfe")
    done = matched(tmp_path, *files)
    assert done.code == 2
    assert code in done.err
    assert "Traceback" not in done.err
