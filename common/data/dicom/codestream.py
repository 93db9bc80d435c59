"""How large the picture in a compressed frame says it is, read from its first markers without decoding any of it."""

import struct

_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}) | {0xF7}  # SOF0 to SOF15, and JPEG-LS's SOF55
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_J2K_START = b"\xff\x4f\xff\x51"  # SOC and SIZ
_JP2 = b"\x00\x00\x00\x0cjP  "  # against the rule, some writers wrap the stream in the boxes of a JP2 file


def claimed_shape(frame: bytes) -> tuple[int, int, int] | None:
    """Return rows, columns and samples a pixel of a JPEG, JPEG-LS or JPEG 2000 stream; None where it says none."""
    start = frame.find(_J2K_START) if frame.startswith(_JP2) else 0
    try:
        return _jpeg2000(frame, start) if frame.startswith(_J2K_START, max(start, 0)) else _jpeg(frame)
    except struct.error:
        return None


def _jpeg2000(stream: bytes, start: int) -> tuple[int, int, int]:
    right, bottom, left, top = struct.unpack_from(">4I", stream, start + 8)
    (samples,) = struct.unpack_from(">H", stream, start + 40)
    return bottom - top, right - left, samples


def _jpeg(stream: bytes) -> tuple[int, int, int] | None:
    place = 2
    while stream[:2] == b"\xff\xd8" and place < len(stream):
        fill, marker = struct.unpack_from(">BB", stream, place)
        if fill != 0xFF:
            return None
        if marker == 0xFF:  # a filling byte
            place += 1
            continue
        if marker in _JPEG_FRAMES:
            rows, columns, samples = struct.unpack_from(">HHB", stream, place + 5)
            return rows, columns, samples
        place += 2
        if marker not in _WITHOUT_LENGTH:
            place += struct.unpack_from(">H", stream, place)[0]
    return None
