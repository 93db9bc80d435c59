from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from dashboard.model import upload
from tests.support.uploads import bomb_png, encoded, png, read_upload, slice_levels

GREY = slice_levels()


def pixels(name: str, content: bytes) -> np.ndarray:
    return np.asarray(read_upload(name, content).image)


def test_a_grey_png_and_a_jpeg() -> None:
    assert (pixels("a.png", png()) == GREY[..., None]).all()
    jpeg = encoded(Image.fromarray(GREY), "JPEG", quality=95)
    uploaded = read_upload("a.jpeg", jpeg)
    assert uploaded.kind == "JPEG"
    assert uploaded.notes == (upload.LOSSY,)
    assert np.abs(np.asarray(uploaded.image).astype(int) - GREY[..., None]).max() < 25


def test_16_bit_is_stretched_and_said() -> None:
    uploaded = read_upload("a.png", encoded(Image.fromarray(GREY.astype(np.uint16) * 10)))
    found = np.asarray(uploaded.image)[..., 0]
    assert found.max() == 255
    assert np.corrcoef(found.ravel(), GREY.ravel())[0, 1] > 0.999
    assert "16 bits" in uploaded.notes[0]
    assert "A JPEG of this slice" in uploaded.notes[0]


def test_palette_alpha_and_rotation_come_out_right() -> None:
    grey = Image.fromarray(GREY)
    assert (pixels("a.png", encoded(grey.convert("P")))[..., 0] == GREY).all()
    clear = Image.merge("LA", (grey, Image.new("L", grey.size, 0)))
    assert pixels("a.png", encoded(clear)).max() == 0  # transparent is black
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = encoded(grey, "PNG", exif=exif)
    assert (pixels("a.png", turned)[..., 0] == np.rot90(GREY, -1)).all()


def test_the_content_decides_not_the_name() -> None:
    uploaded = read_upload("scan.jpg", png())
    assert uploaded.kind == "PNG"
    assert "its content is PNG" in uploaded.notes[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "neither a PNG"),
        (b"hello " * 100, "neither a PNG"),
        (encoded(Image.fromarray(GREY), "GIF"), "neither a PNG"),
        (b"\x89PNG\r\n\x1a\n" + b"junk" * 50, "cannot be used"),
        (b"\xff\xd8\xff" + b"junk" * 50, "cannot be used"),
        (png()[:-200], "truncated or damaged"),
        (bomb_png(), "64 megapixels"),
        (encoded(Image.fromarray(GREY[:8, :8])), "too few"),
        (encoded(Image.new("L", (4000, 3))), "too few"),
    ],
    ids=["empty", "text", "gif", "png-junk", "jpeg-junk", "truncated", "bomb", "tiny", "sliver"],
)
def test_what_cannot_be_used_is_one_sentence_without_the_name(content: bytes, words: str) -> None:
    with pytest.raises(upload.RefusedUpload, match=words) as caught:
        read_upload("Asha_Rao.png", content)
    assert "Asha" not in caught.value.sentence
    assert caught.value.sentence.endswith(".")
    assert len(bomb_png()) < 100_000


def test_every_slice_of_a_volume_can_be_read_and_one_without_a_head_is_one_sentence() -> None:
    nibabel = pytest.importorskip("nibabel")
    levels = np.stack([GREY, GREY // 2, 0 * GREY], axis=2).astype(np.int16)
    opened = upload.open_upload("head.nii", nibabel.Nifti1Image(levels, np.eye(4)).to_bytes())
    assert (opened.kind, opened.count) == ("NIfTI", 3)
    assert np.asarray(opened.read(1).image).max() < 140 < np.asarray(opened.read(0).image).max()
    with pytest.raises(upload.RefusedUpload, match="Slice 3 of 3 of this NIfTI file cannot be used: shows little"):
        opened.read(2)
