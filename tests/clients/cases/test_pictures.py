"""The slice behind a case."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from PIL import Image

from clients.cases.pictures import EDGE, picture_of
from tests.support.cases import case
from tests.support.uploads import dicom


def test_a_slice_is_read_anew_and_shrunk(tmp_path):
    (tmp_path / "a").mkdir()
    path = tmp_path / "a" / "1.png"
    Image.new("L", (900, 600), 50).save(path)
    kept = msgspec.structs.replace(case("glioma", "notumor", 0.5), changed_ns=path.stat().st_mtime_ns)
    found = picture_of(tmp_path, kept)
    assert isinstance(found, Image.Image)
    assert (found.size, found.mode) == ((EDGE, round(EDGE * 2 / 3)), "RGB")


def test_of_a_file_of_several_slices_the_right_one_is_shown(tmp_path):
    pytest.importorskip("pydicom")
    levels = np.zeros((3, 40, 40), np.uint16)
    for frame in range(3):
        levels[frame, :, 10 * frame : 10 * frame + 10] = 900
    path = tmp_path / "several.dcm"
    path.write_bytes(dicom(levels, NumberOfFrames=3))
    kept = msgspec.structs.replace(
        case("glioma", "notumor", 0.5, path.name), frame=2, changed_ns=path.stat().st_mtime_ns
    )
    found = np.asarray(picture_of(tmp_path, kept))[..., 0]
    assert found[:, 20:30].min() == 255
    assert found[:, :20].max() == 0


def test_a_file_that_is_gone_changed_or_damaged_is_a_sentence(tmp_path):
    kept = case("glioma", "notumor", 0.5, "1.png")
    assert "not there any more" in str(picture_of(tmp_path, kept))
    path = tmp_path / "1.png"
    path.write_bytes(b"no picture")
    assert "changed after the test" in str(picture_of(tmp_path, kept))
    same = msgspec.structs.replace(kept, changed_ns=path.stat().st_mtime_ns)
    assert "cannot be shown" in str(picture_of(tmp_path, same))
