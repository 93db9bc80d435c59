"""The library decodes once, for exactly these files, whatever happens around it."""

from __future__ import annotations

import errno
import multiprocessing
import os
import stat
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from common.data import cache_build
from common.data.cache import ImageLibrary, open_library
from common.data.decode import decode_rgb, to_square
from common.data.scan import Scan, scan_folder
from common.errors import InputError

SIZE = 24


@pytest.fixture
def hospital(tmp_path) -> Path:
    folder = tmp_path / "hospital" / "glioma"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(5):
        Image.fromarray(rng.integers(0, 256, (30, 40), np.uint8)).save(folder / f"{number}.png")
    return folder.parent


def scan(folder: Path) -> Scan:
    return scan_folder(folder, {})


def open_counting(folder: Path, cache: Path, size: int = SIZE) -> tuple[ImageLibrary, list[tuple[int, int]]]:
    calls: list[tuple[int, int]] = []
    opened = open_library(scan(folder), size, cache, on_progress=lambda done, total: calls.append((done, total)))
    return opened, calls


def caches(cache: Path) -> list[Path]:
    return [path for path in cache.iterdir() if path.is_dir()]


def test_pixels_thumbs_hashes_and_sizes(hospital, tmp_path):
    opened, calls = open_counting(hospital, tmp_path / "cache")
    assert calls == [(done, 5) for done in range(1, 6)]
    assert isinstance(opened.pixels, np.memmap)
    assert not opened.pixels.flags.writeable
    assert opened.pixels.shape == (5, SIZE, SIZE, 3)
    assert len(opened) == 5
    image = decode_rgb(hospital / "glioma" / "3.png")
    assert np.array_equal(opened.pixels[3], to_square(image, SIZE))
    assert np.array_equal(opened.thumbs[3], np.asarray(image.convert("L").resize((32, 32), Image.Resampling.BILINEAR)))
    assert opened.sizes.tolist() == [[40, 30]] * 5
    assert len(set(opened.byte_sha256)) == len(set(opened.pixel_sha256)) == 5
    assert opened.unreadable == {}


def test_second_opening_decodes_nothing(hospital, tmp_path, monkeypatch):
    first, _ = open_counting(hospital, tmp_path / "cache")
    monkeypatch.setattr(cache_build, "decode_file", lambda *_: pytest.fail("decoded again"))
    second, calls = open_counting(hospital, tmp_path / "cache")
    assert calls == []
    assert np.array_equal(first.pixels, second.pixels)
    assert np.array_equal(first.thumbs, second.thumbs)
    assert list(first.pixel_sha256) == list(second.pixel_sha256)


def test_changed_file_is_decoded_anew_and_the_old_cache_goes(hospital, tmp_path):
    cache = tmp_path / "cache"
    before, _ = open_counting(hospital, cache)
    old = np.array(before.pixels)
    Image.new("L", (10, 10), 77).save(hospital / "glioma" / "2.png")
    after, calls = open_counting(hospital, cache)
    assert len(calls) == 5
    assert (after.pixels[2] == 77).all()
    assert np.array_equal(np.delete(after.pixels, 2, axis=0), np.delete(old, 2, axis=0))
    assert np.array_equal(before.pixels, old)  # who still reads the old one is not disturbed
    assert len(caches(cache)) == 1


def test_same_size_and_other_time_is_a_change(hospital, tmp_path):
    open_counting(hospital, tmp_path / "cache")
    os.utime(hospital / "glioma" / "2.png", ns=(1, 1))
    assert len(open_counting(hospital, tmp_path / "cache")[1]) == 5


def test_sizes_and_hospitals_stand_beside_each_other(hospital, tmp_path):
    cache = tmp_path / "cache"
    other = tmp_path / "other"
    (other / "glioma").mkdir(parents=True)
    Image.new("L", (9, 9)).save(other / "glioma" / "0.png")
    for folder, size in ((hospital, SIZE), (hospital, 16), (other, SIZE)):
        open_counting(folder, cache, size)
    assert len(caches(cache)) == 3
    assert open_counting(hospital, cache)[1] == []


def test_unreadable_files_cost_only_themselves(hospital, tmp_path):
    png = (hospital / "glioma" / "1.png").read_bytes()
    (hospital / "glioma" / "1.png").write_bytes(png[:-200])
    (hospital / "glioma" / "4.png").write_bytes(b"")
    opened, _ = open_counting(hospital, tmp_path / "cache")
    assert opened.unreadable == {1: "truncated or damaged", 4: "empty file"}
    assert opened.pixels[1].max() == opened.thumbs[1].max() == 0
    assert opened.pixel_sha256[1] == ""
    assert len(opened.byte_sha256[1]) == 64
    assert opened.sizes[1].tolist() == [0, 0]
    assert opened.pixels[2].max() > 0
    assert open_counting(hospital, tmp_path / "cache")[1] == []


def test_file_that_could_not_be_opened_is_tried_again_once_it_can(hospital, tmp_path):
    listed = scan(hospital)
    hidden = hospital / "glioma" / "1.png"
    hidden.rename(tmp_path / "away.png")
    opened = open_library(listed, SIZE, tmp_path / "cache")
    assert list(opened.unreadable) == [1]
    assert opened.unreadable[1].startswith("cannot be opened")
    (tmp_path / "away.png").rename(hidden)
    assert open_library(listed, SIZE, tmp_path / "cache").unreadable == {}


def test_resaved_copy_has_the_same_pixel_hash(hospital, tmp_path):
    with Image.open(hospital / "glioma" / "0.png") as image:
        image.convert("RGB").save(hospital / "glioma" / "copy.bmp")
    opened, _ = open_counting(hospital, tmp_path / "cache")
    assert opened.pixel_sha256[0] == opened.pixel_sha256[-1]
    assert opened.byte_sha256[0] != opened.byte_sha256[-1]


@pytest.mark.parametrize("damage", ["cut pixels", "cut index", "no pixels", "no index", "other shape"])
def test_damaged_cache_is_rebuilt(hospital, tmp_path, damage):
    cache = tmp_path / "cache"
    good = np.array(open_counting(hospital, cache)[0].pixels)
    (directory,) = caches(cache)
    file = directory / ("index.npz" if "index" in damage else "pixels.npy")
    if damage.startswith("cut"):
        os.truncate(file, file.stat().st_size // 2)
    elif damage.startswith("no"):
        file.unlink()
    else:
        np.save(file, good[:4])
    rebuilt, calls = open_counting(hospital, cache)
    assert len(calls) == 5
    assert np.array_equal(rebuilt.pixels, good)


def test_what_a_dead_process_left_is_swept(hospital, tmp_path):
    cache = tmp_path / "cache"
    open_counting(hospital, cache)
    (directory,) = caches(cache)
    stale = cache / f".building-{directory.name.split('-v')[0]}-dead"
    stale.mkdir()
    (directory / "pixels.npy").unlink()
    open_counting(hospital, cache)
    assert caches(cache) == [directory]


def test_cache_is_private(hospital, tmp_path):
    cache = tmp_path / "cache"
    open_counting(hospital, cache)
    for directory in (cache, *caches(cache)):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_full_disk_is_one_sentence_and_leaves_nothing(hospital, tmp_path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache_build.os, "fsync", full)
    with pytest.raises(InputError, match=r"CACHE001.*No space left on device.*free some space"):
        open_counting(hospital, tmp_path / "cache")
    assert caches(tmp_path / "cache") == []


def test_cache_folder_that_is_a_file(hospital, tmp_path):
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(InputError, match="CACHE001"):
        open_counting(hospital, tmp_path / "cache")


def test_empty_hospital(tmp_path):
    opened = open_library(scan(tmp_path), SIZE, tmp_path / "cache")
    assert len(opened) == 0
    assert opened.pixels.shape == (0, SIZE, SIZE, 3)


def test_threads_that_start_at_once_decode_once(hospital, tmp_path):
    listed, calls = scan(hospital), []
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        open_library(listed, SIZE, tmp_path / "cache", on_progress=lambda done, total: calls.append(done))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(calls) == [1, 2, 3, 4, 5]


def _open_in_process(folder: Path, cache: Path, barrier, results) -> None:
    barrier.wait()
    opened, calls = open_counting(folder, cache)
    results.put((len(calls), int(opened.pixels.sum())))


def test_processes_that_start_at_once_decode_once(hospital, tmp_path):
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(2), context.Queue()
    arguments = (hospital, tmp_path / "cache", barrier, results)
    workers = [context.Process(target=_open_in_process, args=arguments) for _ in range(2)]
    for worker in workers:
        worker.start()
    (first, sum_a), (second, sum_b) = (results.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join()
    assert sorted((first, second)) == [0, 5]
    assert sum_a == sum_b > 0
