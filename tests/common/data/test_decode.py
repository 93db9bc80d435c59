"""Every kind of file a hospital may have comes out right, and what cannot be used is refused with a short reason."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageFile

from common.data.decode import MAX_PIXELS, STRETCHED, UnreadableImage, decode_rgb, to_square

GREYS = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5


def saved(image: Image.Image, kind: str, **options) -> BytesIO:
    file = BytesIO()
    image.save(file, kind, **options)
    file.seek(0)
    return file


def decoded(image: Image.Image, kind: str = "PNG", **options) -> np.ndarray:
    result = decode_rgb(saved(image, kind, **options))
    assert result.mode == "RGB"
    return np.asarray(result)


def png16(values: np.ndarray, colour_type: int) -> BytesIO:
    """A 16-bit PNG written by hand: Pillow writes 16 bits in grey only."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, colour_type, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    body = b"".join(struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in chunks)
    return BytesIO(b"\x89PNG\r\n\x1a\n" + body)


def grey_as_rgb(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[..., np.newaxis], 3, axis=2)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_grey_and_rgb_keep_their_values(kind):
    colours = np.stack([GREYS, GREYS[::-1], 255 - GREYS], axis=2)
    assert np.array_equal(decoded(Image.fromarray(GREYS), kind), grey_as_rgb(GREYS))
    assert np.array_equal(decoded(Image.fromarray(colours), kind), colours)


def test_one_bit_and_palette():
    bits = GREYS > 100
    assert np.array_equal(decoded(Image.fromarray(bits)), grey_as_rgb(bits * np.uint8(255)))
    colours = Image.fromarray(np.stack([GREYS, GREYS, 0 * GREYS], axis=2))
    palette = colours.quantize(256)
    assert np.array_equal(decoded(palette), np.asarray(palette.convert("RGB")))
    assert np.array_equal(decoded(palette, "GIF"), np.asarray(palette.convert("RGB")))


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_alpha_lies_over_black(mode):
    white = Image.new("L", (4, 2), 200)
    image = white.convert(mode)
    image.putalpha(Image.fromarray(np.array([[0, 0, 128, 255]] * 2, np.uint8)))
    assert np.array_equal(decoded(image)[0, :, 0], [0, 0, round(200 * 128 / 255), 200])


@pytest.mark.parametrize("mode", ["P", "L"])
def test_transparent_entry_lies_over_black(mode):
    image = Image.fromarray(np.array([[7, 200]], np.uint8)).convert(mode)
    see_through = image.getpixel((1, 0))
    assert np.array_equal(decoded(image, transparency=see_through), grey_as_rgb(np.array([[7, 0]])))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_twelve_bits_in_sixteen_are_not_black(kind):
    values = (GREYS.astype(np.uint16) * 16) + 100
    out = decoded(Image.fromarray(values), kind)
    assert out.min() == 0
    assert out.max() == 255
    assert np.array_equal(out, grey_as_rgb(np.rint((values - 100.0) * 255 / (values.max() - 100)).astype(np.uint8)))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("factor", [256, 257])
def test_eight_bits_written_as_sixteen_are_the_same_picture(kind, factor):
    greys = 40 + GREYS // 3  # neither black nor white, which a stretch would make of it
    out = decode_rgb(saved(Image.fromarray(greys.astype(np.uint16) * factor), kind))
    assert np.array_equal(np.asarray(out), grey_as_rgb(greys))
    assert out.info == {}


def test_a_picture_on_the_scale_of_sixteen_bits_is_that_of_a_jpeg_and_else_it_is_said_to_be_stretched():
    fine = np.linspace(0.0, 0.8, 4096).reshape(64, 64)
    jpeg = decode_rgb(saved(Image.fromarray(np.rint(fine * 255).astype(np.uint8)), "JPEG", quality=95))
    wide = decode_rgb(saved(Image.fromarray(np.rint(fine * 65535).astype(np.uint16)), "PNG"))
    assert np.abs(np.asarray(wide).astype(int) - np.asarray(jpeg)).max() <= 3
    twelve = decode_rgb(saved(Image.fromarray(np.rint(fine * 4095).astype(np.uint16)), "PNG"))
    assert np.asarray(twelve).max() == 255
    assert twelve.info == {"note": STRETCHED}


def test_wide_greys_of_other_types():
    signed = GREYS.astype(np.int32) - 50
    floats = GREYS.astype(np.float32) / 7
    expected = np.rint(GREYS * (255.0 / GREYS.max())).astype(np.uint8)
    assert np.array_equal(decoded(Image.fromarray(signed), "TIFF"), grey_as_rgb(expected))
    assert np.array_equal(decoded(Image.fromarray(floats), "TIFF"), grey_as_rgb(expected))
    floats[0, 0] = np.nan
    assert decoded(Image.fromarray(floats), "TIFF").max() == 255
    assert decoded(Image.fromarray(np.full((3, 3), 900, np.uint16))).max() == 0


def test_white_is_zero_tiff_is_turned_round():
    rising = np.arange(0, 6000, 1000, dtype=np.uint16).reshape(1, 6)
    out = decoded(Image.fromarray(rising), "TIFF", tiffinfo={262: 0})
    assert np.array_equal(out[0, :, 0], [255, 204, 153, 102, 51, 0])


def test_sixteen_bit_colour_keeps_its_upper_byte_or_is_refused():
    full = np.arange(18, dtype=np.uint16).reshape(2, 3, 3) * 3500
    assert np.array_equal(np.asarray(decode_rgb(png16(full, 2))), full >> 8)
    with pytest.raises(UnreadableImage, match="save it as 16-bit grey"):
        decode_rgb(png16(full >> 4, 2))


def test_cmyk_jpeg():
    image = Image.new("CMYK", (16, 16), (0, 0, 0, 155))
    assert abs(int(decoded(image, "JPEG")[8, 8, 0]) - 100) <= 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_exif_orientation_is_applied_once(orientation, kind):
    upright = Image.fromarray(np.stack([GREYS, GREYS[::-1], 255 - GREYS], axis=2))
    stored_as = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright if orientation == 1 else upright.transpose(stored_as[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert np.array_equal(decoded(stored, kind, exif=exif), np.asarray(upright))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_does_not_cost_the_image():
    file = saved(Image.fromarray(GREYS), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff\x99\x99\x99")
    assert decode_rgb(file).size == (8, 6)


@pytest.mark.parametrize("kind", ["TIFF", "GIF", "MPO", "PNG"])
def test_first_of_several_frames(kind):
    pages = [Image.new("L", (16, 16), value) for value in (30, 200)]
    assert decoded(pages[0], kind, save_all=True, append_images=pages[1:]).max() == 30


def test_truncated_files_are_refused():
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8))
    for kind in ("PNG", "JPEG", "TIFF"):
        data = saved(noise, kind).getvalue()
        with pytest.raises(UnreadableImage, match=r"truncated or damaged|not an image"):
            decode_rgb(data[: len(data) * 3 // 5])


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_bomb_is_refused_before_it_is_decoded(monkeypatch):
    side = 17_400
    assert side**2 > 300_000_000 > MAX_PIXELS
    header = struct.pack(">IIBBBBB", side, 10_000, 8, 0, 0, 0, 0)
    data = bytearray(saved(Image.new("L", (1, 1)), "PNG").getvalue())
    data[16:29] = header
    data[29:33] = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("its pixels were decoded"))
    with pytest.raises(UnreadableImage, match="17400 x 10000 is 174 megapixels and the limit is 64"):
        decode_rgb(bytes(data))
    data[16:24] = struct.pack(">II", side, side)
    data[29:33] = struct.pack(">I", zlib.crc32(b"IHDR" + bytes(data[16:29])))
    with pytest.raises(UnreadableImage, match="over the limit of 64 megapixels"):
        decode_rgb(bytes(data))


def test_what_is_no_image(tmp_path):
    (tmp_path / "secret-name.png").write_text("not pixels at all")
    with pytest.raises(UnreadableImage, match="not an image of a known format") as refusal:
        decode_rgb(tmp_path / "secret-name.png")
    assert "secret" not in refusal.value.reason
    assert not refusal.value.unopened
    with pytest.raises(UnreadableImage, match="empty file"):
        decode_rgb(BytesIO())
    with pytest.raises(UnreadableImage, match="cannot be opened") as refusal:
        decode_rgb(tmp_path / "gone.png")
    assert refusal.value.unopened
    with pytest.raises(UnreadableImage, match="not an image of a known format"):
        decode_rgb(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EOF\n")  # would start Ghostscript


def test_path_and_file_object_agree(tmp_path):
    Image.fromarray(GREYS).save(tmp_path / "a.png")
    with (tmp_path / "a.png").open("rb") as file:
        assert decode_rgb(file).tobytes() == decode_rgb(tmp_path / "a.png").tobytes()


def test_to_square_is_version_ones_resize():
    from torchvision.transforms import Resize

    image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (50, 90, 3), np.uint8))
    square = to_square(image, 32)
    assert square.shape == (32, 32, 3)
    assert square.flags.writeable
    assert np.array_equal(square, np.asarray(Resize((32, 32))(image)))
