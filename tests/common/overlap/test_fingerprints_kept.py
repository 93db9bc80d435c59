"""A hospital's tokens are made once for the same slices and the same key, and for no other."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from common.config.hospital import Hospital
from common.data.cache import open_library
from common.data.scan import scan_folder
from common.overlap import fingerprints
from common.overlap.fingerprints import Fingerprints, make_fingerprints

KEY, OTHER_KEY = bytes(range(32)), bytes(32)
HOSPITAL = Hospital("a", "Hospital A", "data", "a", (0.0, 0.0), "")


@pytest.fixture
def slices(tmp_path) -> Path:
    folder = tmp_path / "slices" / "glioma"
    folder.mkdir(parents=True)
    for number, picture in enumerate(np.random.default_rng(0).integers(0, 256, (5, 40, 40), dtype=np.uint8)):
        Image.fromarray(picture).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def made(monkeypatch) -> list[int]:
    """How many slices' tokens were made, each time."""
    counts: list[int] = []
    tokens_of = fingerprints.tokens_of

    def counting(bits, key):
        counts.append(len(bits))
        return tokens_of(bits, key)

    monkeypatch.setattr(fingerprints, "tokens_of", counting)
    return counts


def say(slices: Path, key: bytes, cache: Path | None) -> Fingerprints:
    scan = scan_folder(slices.parent, {})
    return make_fingerprints(HOSPITAL, scan, open_library(scan, 32, slices.parents[1] / "pixels"), key, cache)


def kept(cache: Path) -> list[Path]:
    return list(cache.glob("tokens-*.npz"))


def test_the_second_time_they_are_read(slices, tmp_path, made):
    expected = say(slices, KEY, None)
    said = [say(slices, KEY, tmp_path / "cache").to_json() for _ in range(2)]
    assert said == [expected.to_json()] * 2
    assert made == [5, 5]
    assert [path.stat().st_mode & 0o777 for path in kept(tmp_path / "cache")] == [0o600]


def test_without_a_cache_folder_nothing_is_kept(slices, tmp_path, made):
    for _ in range(2):
        say(slices, KEY, None)
    assert made == [5, 5]
    assert kept(tmp_path / "pixels") == []


def test_another_key_never_gets_the_tokens_of_the_first(slices, tmp_path, made):
    for key in (KEY, OTHER_KEY, OTHER_KEY):
        assert say(slices, key, tmp_path / "cache").to_json() == say(slices, key, None).to_json()
    assert made == [5] * 5
    assert len(kept(tmp_path / "cache")) == 1


def test_another_slice_makes_them_anew(slices, tmp_path, made):
    say(slices, KEY, tmp_path / "cache")
    (slices / "0.png").replace(slices / "9.png")
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (40, 40), dtype=np.uint8)).save(slices / "0.png")
    assert say(slices, KEY, tmp_path / "cache").to_json() == say(slices, KEY, None).to_json()
    assert made == [5, 6, 6]


@pytest.mark.parametrize("tokens", [np.zeros((4, 8, 48), np.uint64), np.zeros((5, 8, 48), np.int64), None])
def test_a_damaged_file_is_made_anew(slices, tmp_path, made, tokens):
    expected = say(slices, KEY, tmp_path / "cache").to_json()
    (path,) = kept(tmp_path / "cache")
    if tokens is None:
        path.write_bytes(path.read_bytes()[:100])
    else:
        np.savez(path, tokens=tokens)
    assert say(slices, KEY, tmp_path / "cache").to_json() == expected
    assert made == [5, 5]
