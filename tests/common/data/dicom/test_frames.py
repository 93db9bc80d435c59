from __future__ import annotations

import os
from pathlib import Path

import pydicom
import pytest
from pydicom import dcmread

from common.data.dicom import frames
from common.data.dicom.frames import frames_in, is_dicom_file
from tests.support.uploads import dicom, png, slice_levels

FILES = sorted((Path(pydicom.__file__).parent / "data" / "test_files").glob("*.dcm"))


def test_the_walk_counts_as_pydicom_does_in_all_of_its_test_files():
    several = 0
    for path in FILES:
        try:
            said = int(dcmread(path, stop_before_pixels=True).get("NumberOfFrames") or 1)
        except Exception:
            said = 1
        assert frames_in(path) == said, path.name
        several += said > 1
    assert several > 5


def test_most_files_are_counted_without_pydicom(monkeypatch):
    monkeypatch.setattr(frames, "_ask_pydicom", lambda path: pytest.fail(f"asked for {path}"))
    for name in ("MR_small.dcm", "MR_small_implicit.dcm", "CT_small.dcm", "rtdose.dcm"):
        frames_in(next(path for path in FILES if path.name == name))


@pytest.mark.parametrize("claimed", [10_000, -3, 0])
def test_an_impossible_number_of_frames_is_listed_once(tmp_path, claimed):
    (tmp_path / "a").write_bytes(dicom(slice_levels(16), NumberOfFrames=claimed))
    assert frames_in(tmp_path / "a") == 1


@pytest.mark.parametrize("cut", [0, 100, 131, 140, 300, 420])
def test_a_file_that_ends_too_early_is_listed_once(tmp_path, cut):
    (tmp_path / "a.dcm").write_bytes(dicom()[:cut])
    assert frames_in(tmp_path / "a.dcm") == 1


def test_other_files_and_pipes_are_no_dicom(tmp_path):
    (tmp_path / "a").write_bytes(png())
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "c").write_bytes(dicom())
    found = [is_dicom_file(tmp_path / name) for name in ("a", "pipe", "missing", "c")]
    assert found == [False, False, False, True]
    assert frames_in(tmp_path / "pipe") == 1
