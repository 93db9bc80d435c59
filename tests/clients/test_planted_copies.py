"""Copies planted at another hospital are found from tokens alone, from the file to the match; nothing else is."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from common.config.hospital import Hospital
from common.config.hydra import load_hospital
from common.data.cache import open_library
from common.data.scan import scan_folder
from common.data.thumbs import correlate, orient
from common.overlap.fingerprints import Fingerprints, make_fingerprints
from common.overlap.matching import cross_match
from common.phantoms.folders import make_phantoms

KEY = bytes(range(32))
HOSPITALS = [load_hospital("phantom_jaipur"), load_hospital("phantom_hyderabad")]
Flip = Image.Transpose


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def resized(image: Image.Image, share: float) -> Image.Image:
    return image.resize((round(image.width * share), round(image.height * share)), Image.Resampling.BICUBIC)


CHANGES = {
    "exact": lambda image: image,
    "recompressed": lambda image: jpeg(image, 60),
    "smaller": lambda image: resized(image, 0.6),
    "larger": lambda image: resized(image, 1.7),
    "mirrored": lambda image: image.transpose(Flip.FLIP_LEFT_RIGHT),
    "upside down": lambda image: image.transpose(Flip.FLIP_TOP_BOTTOM),
    "turned by 90": lambda image: image.transpose(Flip.ROTATE_90),
    "turned by 180": lambda image: image.transpose(Flip.ROTATE_180),
    "turned by 270": lambda image: image.transpose(Flip.ROTATE_270),
    "brighter": lambda image: image.point(lambda value: min(255, round(value * 1.1 + 8))),
    "all at once": lambda image: jpeg(resized(image.transpose(Flip.TRANSPOSE), 1.3), 60),
}


@dataclass(frozen=True)
class Made:
    """A hospital's fingerprints, its files in their order, and their thumbnails."""

    said: Fingerprints
    files: list[str]
    thumbs: np.ndarray


def made(root: Path, hospital: Hospital, cache: Path, key: bytes = KEY) -> Made:
    scan = scan_folder(root / hospital.path, hospital.class_map)
    library = open_library(scan, 32, cache)
    said = make_fingerprints(hospital, scan, library, key)
    return Made(said, [file.relative_path for file in scan.files], np.asarray(library.thumbs))


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """Two hospitals, and in the second a changed copy of a slice of the first for each change: copy to original."""
    root = tmp_path_factory.mktemp("set")
    make_phantoms(root, image_size=128, slices_per_class=16, seed=4, faults=False)
    first, second = (root / hospital.path for hospital in HOSPITALS)
    originals = sorted(path for path in first.rglob("*") if path.suffix in (".png", ".jpg"))
    chosen = np.random.default_rng(0).choice(len(originals), 4 * len(CHANGES), replace=False)
    copies = {}
    for position, (name, index) in enumerate(zip(4 * list(CHANGES), chosen, strict=True)):
        image = Image.open(originals[index]).convert("RGB")
        copy = second / "Glioma" / f"zz {name} {position}.png"
        CHANGES[name](image).save(copy)
        copies[copy.relative_to(second).as_posix()] = originals[index].relative_to(first).as_posix()
    return root, copies


@pytest.fixture(scope="module")
def hospitals(planted, tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    return [made(planted[0], hospital, cache) for hospital in HOSPITALS]


@pytest.fixture(scope="module")
def found(hospitals):
    """Copy and original of each match, to the number of equal bands."""
    first, second = hospitals
    matches = cross_match(first.said, second.said)
    rows = zip(matches.first.tolist(), matches.second.tolist(), matches.bands.tolist(), strict=True)
    return {(second.files[b], first.files[a]): bands for a, b, bands in rows}


@pytest.mark.parametrize("change", CHANGES)
def test_a_copy_is_found(found, planted, change):
    expected = {pair for pair in planted[1].items() if f" {change} " in pair[0]}
    assert len(expected) == 4
    assert expected <= set(found)
    if change == "exact":
        assert [found[pair] for pair in expected] == [48] * 4


def test_nothing_else_is_found_but_a_copys_look_alikes(hospitals, planted, found):
    """Neighbouring slices of a phantom are hard to tell apart; strangers are never taken for copies."""
    first, second = hospitals
    assert {copy for copy, _ in found} == set(planted[1])
    for copy, original in found:
        one, other = (h.thumbs[[h.files.index(f)]] for h, f in ((first, original), (second, copy)))
        assert max(correlate(one, orient(other, orientation)).item() for orientation in range(8)) > 0.9


def test_with_another_key_nothing_is_shared(hospitals, planted, tmp_path):
    other = made(planted[0], HOSPITALS[1], tmp_path, KEY[::-1])
    assert not np.intersect1d(hospitals[0].said.tokens, other.said.tokens).size


def test_what_leaves_the_hospital_names_nothing(hospitals, planted):
    for hospital in hospitals:
        text = hospital.said.to_json()
        assert not [path for path in hospital.files if Path(path).name in text]
        assert str(planted[0]) not in text


def test_damaged_and_even_pictures_have_no_fingerprint(planted, tmp_path):
    folder = tmp_path / "dataset-1" / "glioma"
    folder.mkdir(parents=True)
    Image.new("RGB", (64, 64), (9, 9, 9)).save(folder / "a even.png")
    (folder / "b damaged.png").write_bytes(b"no picture")
    original = next((planted[0] / "dataset-1" / "glioma").iterdir())
    (folder / f"c{original.suffix}").write_bytes(original.read_bytes())
    said = made(tmp_path, HOSPITALS[0], tmp_path / "cache").said
    assert (said.indices.tolist(), said.file_count) == ([2], 3)
