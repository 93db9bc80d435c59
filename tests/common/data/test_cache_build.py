"""Decoding many files keeps few of them in memory and keeps their order."""

from __future__ import annotations

import numpy as np
from PIL import Image

from common.data import cache_build
from common.data.cache_build import Index, read_index, write_index
from common.data.scan import scan_folder


def test_files_come_in_order_and_no_further_ahead_than_a_chunk(tmp_path, monkeypatch):
    (tmp_path / "glioma").mkdir()
    for number in range(7):
        Image.new("L", (8, 8), 10 * number).save(tmp_path / "glioma" / f"{number}.png")
    started = []
    real = cache_build.decode_file
    monkeypatch.setattr(cache_build, "_CHUNK", 2)
    monkeypatch.setattr(cache_build, "decode_file", lambda path, size: started.append(path) or real(path, size))
    decoded = cache_build._decode_all(scan_folder(tmp_path, {}), 4, workers=2)
    assert next(decoded).square.max() == 0
    assert len(started) == 2
    assert [int(file.square.max()) for file in decoded] == [10, 20, 30, 40, 50, 60]


def test_index_comes_back_as_it_was(tmp_path):
    index = Index.empty(3)
    index.thumbs[1] = 9
    index.sizes[0] = (7, 5)
    index.byte_sha256[2] = "b" * 64
    index.pixel_sha256[0] = "a" * 64
    index.unreadable = {2: "truncated or damaged", 1: "cannot be opened (Permission denied)"}
    index.unopened = [1]
    write_index(tmp_path / "index.npz", index, "digest")
    back = read_index(tmp_path / "index.npz", "digest", 3)
    assert np.array_equal(back.thumbs, index.thumbs)
    assert np.array_equal(back.sizes, index.sizes)
    assert (back.byte_sha256, back.pixel_sha256) == (index.byte_sha256, index.pixel_sha256)
    assert (back.unreadable, back.unopened) == (index.unreadable, [1])
    assert read_index(tmp_path / "index.npz", "other", 3) is None
    assert read_index(tmp_path / "index.npz", "digest", 4) is None
