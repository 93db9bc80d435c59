"""The slice behind a case."""

from __future__ import annotations

import msgspec
from PIL import Image

from clients.cases.pictures import EDGE, picture_of
from tests.support.cases import case


def test_a_slice_is_read_anew_and_shrunk(tmp_path):
    (tmp_path / "a").mkdir()
    path = tmp_path / "a" / "1.png"
    Image.new("L", (900, 600), 50).save(path)
    kept = msgspec.structs.replace(case("glioma", "notumor", 0.5), changed_ns=path.stat().st_mtime_ns)
    found = picture_of(tmp_path, kept)
    assert isinstance(found, Image.Image)
    assert (found.size, found.mode) == ((EDGE, round(EDGE * 2 / 3)), "RGB")


def test_a_file_that_is_gone_changed_or_damaged_is_a_sentence(tmp_path):
    kept = case("glioma", "notumor", 0.5, "1.png")
    assert "not there any more" in str(picture_of(tmp_path, kept))
    path = tmp_path / "1.png"
    path.write_bytes(b"no picture")
    assert "changed after the test" in str(picture_of(tmp_path, kept))
    same = msgspec.structs.replace(kept, changed_ns=path.stat().st_mtime_ns)
    assert "cannot be shown" in str(picture_of(tmp_path, same))
