"""pydicom's own test files, in every way to store pixels that archives use, against pydicom's own decoding."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.pixels import apply_voi_lut, pixel_array

from common.data.decode import UnreadableImage
from common.data.dicom.pixels import NO_WINDOW
from common.data.sources.slices import open_slices
from tests.support.uploads import dicom, slice_levels

RAMP = np.tile(np.arange(96, dtype=np.uint16) * 10, (96, 1))  # 0..950


def path(name: str) -> str:
    found = get_testdata_file(name, download=False)
    assert found, f"{name} is not in pydicom's wheel"
    return str(found)


def content(name: str) -> bytes:
    with open(path(name), "rb") as file:
        return file.read()


def grey(data: bytes, frame: int = 0) -> np.ndarray:
    return np.asarray(open_slices(data).read(frame)[0])[..., 0]


def refusal(data: bytes) -> str:
    with pytest.raises(UnreadableImage) as refused:
        open_slices(data).read(0)
    return refused.value.reason


@pytest.mark.parametrize(
    "name",
    [
        "MR_small_implicit.dcm",
        "MR_small_bigendian.dcm",
        "MR_small_RLE.dcm",
        "MR_small_jp2klossless.dcm",
        "MR_small_jpeg_ls_lossless.dcm",
    ],
)
def test_one_slice_has_the_same_pixels_however_it_is_stored(name):
    assert (grey(content(name)) == grey(content("MR_small.dcm"))).all()


def test_the_window_is_pydicoms_own():
    dataset = dcmread(path("MR_small.dcm"))
    windowed = apply_voi_lut(pixel_array(dataset), dataset).astype(float)
    shares = windowed / (2**16 - 1) if dataset.PixelRepresentation == 0 else (windowed + 2**15) / (2**16 - 1)
    assert np.abs(grey(content("MR_small.dcm")) - 255 * shares).max() < 1


@pytest.mark.parametrize(
    "name",
    [
        "SC_rgb_jpeg_dcmtk.dcm",
        "SC_rgb_jpeg_gdcm.dcm",
        "SC_rgb_jls_lossy_line.dcm",
        "SC_rgb_rle.dcm",
        "SC_rgb_gdcm_KY.dcm",
        "SC_ybr_full_422_uncompressed.dcm",
    ],
)
def test_colours_are_those_that_pydicom_reads(name):
    found = np.asarray(open_slices(content(name)).read(0)[0])
    assert (found == pixel_array(dcmread(path(name)), index=0)).all()


def test_each_frame_is_a_slice_of_its_own():
    opened = open_slices(content("rtdose_rle.dcm"))
    assert opened.count == 15
    pictures = {opened.read(frame)[0].tobytes() for frame in range(15)}
    assert len(pictures) > 10
    with pytest.raises(UnreadableImage):
        opened.read(15)


def test_an_enhanced_file_has_rules_for_every_frame():
    frames = np.stack([RAMP, RAMP])
    each = []
    for centre in (200, 700):
        window, group = Dataset(), Dataset()
        window.WindowCenter, window.WindowWidth = centre, 100
        group.FrameVOILUTSequence = [window]
        each.append(group)
    data = dicom(frames, NumberOfFrames=2, PerFrameFunctionalGroupsSequence=each)
    assert abs(int(grey(data, 0)[0, 20]) - 128) <= 3
    assert (grey(data, 1)[:, :60] == 0).all()
    assert abs(int(grey(data, 1)[0, 70]) - 128) <= 3


def test_padding_does_not_darken_a_slice_without_a_window():
    levels = RAMP.astype(np.int16)
    levels[:, :5] = -2000
    data = dicom(levels, PixelRepresentation=1, PixelPaddingValue=-2000)
    assert (grey(data)[:, :5] == 0).all()
    assert np.abs(grey(data)[0, 5:].astype(int) - np.linspace(0, 255, 91)).max() <= 1
    assert open_slices(data).read(0)[1] == (NO_WINDOW,)


@pytest.mark.parametrize("width", ["0", "1", None])
def test_a_window_that_cannot_be_is_passed_over(width):
    data = dicom(RAMP, WindowCenter="100", **({"WindowWidth": width} if width else {}))
    assert (grey(data) == grey(dicom(RAMP))).all()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("JPGExtended.dcm", "JPEG with 12 bits"),
        ("image_dfl.dcm", "Deflated"),
        ("rtplan.dcm", "holds no image"),
        ("reportsi.dcm", "holds no image"),
        ("liver_1frame.dcm", "1 bit a pixel"),
        ("MR_truncated.dcm", "truncated"),
        ("examples_palette.dcm", "colours"),
        ("meta_missing_tsyntax.dcm", "does not say how its pixels are stored"),
        # read as it stands it claims 3,722,445,056 columns
        ("JPEG2000-embedded-sequence-delimiter.dcm", "another size than its header"),
    ],
)
def test_what_is_no_slice_is_refused_with_a_reason(name, words):
    assert words in refusal(content(name))


def test_ten_thousand_frames_are_refused():
    assert "10,000 frames and the limit is 1,000" in refusal(dicom(slice_levels(16), NumberOfFrames=10_000))


def test_a_frame_larger_than_what_it_unfolds_to_is_not_decoded(monkeypatch):
    dataset = dcmread(path("MR_small_RLE.dcm"))
    dataset.PixelData = dataset.PixelData[:16] + _item(b"\x81\x00" * 200_000)
    assert "larger than what it unfolds to" in refusal(_saved(dataset))


def test_one_damaged_jpeg_ls_frame_costs_itself_and_nothing_else():
    sound = content("MR_small_jpeg_ls_lossless.dcm")
    before = grey(sound)
    rng = np.random.default_rng(3)
    start = sound.find(b"\xe0\x7f\x10\x00") + 60
    refused = 0
    for _ in range(12):
        damaged = bytearray(sound)
        for place in rng.integers(start, len(sound), 20):
            damaged[place] = rng.integers(256)
        try:
            grey(bytes(damaged))
        except UnreadableImage:
            refused += 1
        assert (grey(sound) == before).all()
    assert refused > 6


def test_pictures_go_through_the_same_door():
    from tests.support.uploads import png

    opened = open_slices(png())
    assert (opened.count, opened.said) == (1, None)
    assert isinstance(opened.read(0)[0], Image.Image)
    assert (
        hashlib.sha256(opened.read(0)[0].tobytes()).hexdigest()
        == hashlib.sha256(np.repeat(slice_levels()[..., None], 3, axis=2).tobytes()).hexdigest()
    )


def _item(frame: bytes) -> bytes:
    return b"\xfe\xff\x00\xe0" + len(frame).to_bytes(4, "little") + frame + b"\xfe\xff\xdd\xe0\0\0\0\0"


def _saved(dataset: Dataset) -> bytes:
    from io import BytesIO

    file = BytesIO()
    dataset.save_as(file)
    return file.getvalue()
