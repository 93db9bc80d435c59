from __future__ import annotations

import numpy as np
import pytest

from common.data.scan import scan_folder
from common.data.sources.kinds import count_slices, may_hold_slices
from tests.common.data.sources.test_volume import saved, volume
from tests.support.uploads import dicom, png, slice_levels


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "hospital" / "glioma"
    (folder / "series").mkdir(parents=True)
    (folder / "a.png").write_bytes(png())
    (folder / "head.nii").write_bytes(saved(volume()))
    (folder / "series" / "IM0001").write_bytes(dicom())
    (folder / "series" / "1.2.840.113619.2.5.176").write_bytes(dicom())
    (folder / "series" / "many.dcm").write_bytes(dicom(np.stack([slice_levels(16)] * 5), NumberOfFrames=5))
    (folder / "DICOMDIR").write_bytes(dicom())
    (folder / "README").write_text("not an image")
    (folder / "notes.12").write_text("not an image either")
    return folder.parent


def test_a_folder_as_it_comes_from_the_archive_is_listed_slice_by_slice(archive):
    scan = scan_folder(archive, {})
    assert [file.name for file in scan.files] == [
        "glioma/a.png",
        *(f"glioma/head.nii/slice {number}" for number in range(1, 7)),
        "glioma/series/1.2.840.113619.2.5.176",
        "glioma/series/IM0001",
        *(f"glioma/series/many.dcm/slice {number}" for number in range(1, 6)),
    ]
    assert scan.other_files == 2
    assert set(scan.labels.tolist()) == {0}


def test_every_third_slice_of_the_files_that_hold_several(archive):
    scan = scan_folder(archive, {}, slice_step=3)
    taken = {file.relative_path: [] for file in scan.files}
    for file in scan.files:
        taken[file.relative_path].append(file.frame)
    assert taken["glioma/head.nii"] == [0, 3]
    assert taken["glioma/series/many.dcm"] == [0, 3]
    assert taken["glioma/series/IM0001"] == taken["glioma/a.png"] == [0]
    assert scan.paths_digest != scan_folder(archive, {}).paths_digest


def test_a_damaged_volume_is_listed_once(tmp_path):
    for name, content in (("a.nii", b""), ("b.nii.gz", b"\x1f\x8bjunk"), ("c.nii", saved(volume())[:100])):
        (tmp_path / name).write_bytes(content)
        assert may_hold_slices(tmp_path / name)
        assert count_slices(tmp_path / name) == 1


def test_pictures_are_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr("builtins.open", lambda *_, **__: pytest.fail("opened"))
    assert may_hold_slices(tmp_path / "gone.JPG")
    assert count_slices(tmp_path / "gone.JPG") == 1
