from __future__ import annotations

import builtins
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard.model import upload
from dashboard.settings import ROOT
from tests.support.uploads import dicom, read_upload, slice_levels

pytest.importorskip("pydicom")
GREY = slice_levels()


def grey(content: bytes) -> np.ndarray:
    return np.asarray(read_upload("a.dcm", content).image)[..., 0]


def test_without_a_window_it_is_stretched_and_said() -> None:
    uploaded = read_upload("a.dcm", dicom())
    assert uploaded.kind == "DICOM"
    found = np.asarray(uploaded.image)[..., 0]
    assert (found.min(), found.max()) == (0, 255)
    assert np.corrcoef(found.ravel(), GREY.ravel())[0, 1] > 0.999
    assert "no window" in uploaded.notes[0]
    assert not any("Rao" in note for note in uploaded.notes)


def test_the_window_is_applied() -> None:
    levels = np.tile(np.arange(96, dtype=np.uint16) * 10, (96, 1))  # 0..950
    found = grey(dicom(levels, WindowCenter="500", WindowWidth="200"))
    assert (found[:, :40] == 0).all()
    assert (found[:, 61:] == 255).all()
    assert abs(int(found[0, 50]) - 128) <= 2


def test_rescale_comes_before_the_window() -> None:
    levels = np.tile(np.arange(96, dtype=np.uint16) * 10, (96, 1))
    found = grey(dicom(levels, RescaleSlope="2", RescaleIntercept="-1000", WindowCenter="0", WindowWidth="400"))
    assert (found[:, :40] == 0).all()
    assert (found[:, 61:] == 255).all()
    assert abs(int(found[0, 50]) - 128) <= 2


def test_monochrome1_is_inverted() -> None:
    assert (grey(dicom(PhotometricInterpretation="MONOCHROME1")) == 255 - grey(dicom())).all()


def test_every_frame_of_a_file_can_be_read() -> None:
    dark, slice_ = np.zeros((32, 32), np.uint16), slice_levels(32).astype(np.uint16)
    frames = np.stack([dark, slice_, dark])
    opened = upload.open_upload("a.dcm", dicom(frames, NumberOfFrames=3))
    assert opened.count == 3
    assert [int(np.asarray(opened.read(number).image).max()) for number in range(3)] == [0, 255, 0]


def test_big_endian_and_implicit() -> None:
    assert (grey(dicom(syntax="1.2.840.10008.1.2")) == grey(dicom())).all()


def test_colour_and_another_modality() -> None:
    rgb = np.stack([GREY, GREY, GREY], axis=-1)
    colour = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}
    uploaded = read_upload("a.dcm", dicom(GREY, **colour, PixelData=rgb.tobytes(), Modality="CT"))
    assert (np.asarray(uploaded.image) == rgb).all()
    assert "modality CT, not MR" in uploaded.notes[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Rows": 65000, "Columns": 65000}, "cannot be a slice"),
        ({"NumberOfFrames": 900}, "truncated"),
        ({"Rows": 2000}, "truncated"),
        ({"Rows": None}, "holds no image"),
        ({"PixelData": None}, "holds no image"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "export the slice as PNG"),
        ({"NumberOfFrames": -3}, "cannot be a slice"),
        ({"BitsAllocated": 7}, "7 bits a pixel"),
    ],
    ids=["huge", "frames", "short", "no-rows", "no-pixels", "palette", "negative", "bits"],
)
def test_headers_that_cannot_be_right(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(upload.RefusedUpload, match=words):
        read_upload("a.dcm", dicom(**changes))


@pytest.mark.parametrize("name", ["MR_small_jpeg_ls_lossless.dcm", "MR_small_RLE.dcm", "MR_small_jp2klossless.dcm"])
def test_a_compressed_slice_is_the_one_that_was_compressed(name: str) -> None:
    from pydicom.data import get_testdata_file

    plain, packed = (Path(str(get_testdata_file(each, download=False))) for each in ("MR_small.dcm", name))
    assert (grey(packed.read_bytes()) == grey(plain.read_bytes())).all()


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.1.99", "1.2.3"])
def test_files_compressed_in_other_ways_are_refused_politely(syntax: str) -> None:
    header = bytes(128) + b"DICM" + _with_syntax(syntax)
    with pytest.raises(upload.RefusedUpload, match="compressed in a way that is not read here"):
        read_upload("a.dcm", header)


def _with_syntax(syntax: str) -> bytes:
    value = syntax.encode() + b"\0" * (len(syntax) % 2)
    return b"\x02\x00\x10\x00UI" + len(value).to_bytes(2, "little") + value + b"\x08\x00\x05\x00CS\x02\x00AB"


@pytest.mark.parametrize("cut", [140, 300, 600, 5000])
def test_truncated_files_are_one_sentence(cut: int) -> None:
    with pytest.raises(upload.RefusedUpload):
        read_upload("a.dcm", dicom()[:cut])


def test_junk_behind_the_magic() -> None:
    with pytest.raises(upload.RefusedUpload):
        read_upload("a.dcm", bytes(128) + b"DICM" + bytes(range(256)) * 20)


def test_without_pydicom_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *rest: Any) -> Any:
        if name.startswith("pydicom"):
            raise ImportError(name)
        return real(name, *rest)

    content = dicom()
    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(upload.RefusedUpload, match=r"\[imaging\]"):
        read_upload("a.dcm", content)


def test_whoever_installs_the_dashboard_can_upload_what_it_asks_for() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert "brain-tumour-federation[imaging]" in extras["dashboard"]
    assert {"pydicom", "nibabel", "python-gdcm"} <= {re.split("[<>=]", each)[0] for each in extras["imaging"]}
    makefile = (ROOT / "Makefile").read_text()
    assert "--editable '.[dashboard]'" in makefile  # the README's make demo and make dashboard
