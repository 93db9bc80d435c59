"""How many frames a DICOM file holds, and whether it is one: read often and of every file, so read quickly.

The tags in front of the image's own stand in rising order, so a walk along them ends after a few kilobytes. What the
walk does not know (sequences of unknown length, big endian) pydicom reads.
"""

import struct
from pathlib import Path

from common import files
from common.data.dicom.header import MAX_FRAMES, is_dicom, read_header

_HEAD_BYTES = 16_384
_FRAMES, _BEHIND = (0x0028, 0x0008), (0x0028, 0x0009)
_LONG = frozenset({b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV"})
_UNKNOWN_LENGTH = 0xFFFFFFFF
_IMPLICIT = b"1.2.840.10008.1.2"
_BIG_ENDIAN = b"1.2.840.10008.1.2.2"


def is_dicom_file(path: Path) -> bool:
    """Tell by the mark behind a file's preamble; False where it cannot be opened."""
    try:
        with files.open_regular(path) as file:
            return is_dicom(file.read(132))
    except OSError:
        return False


def frames_in(path: Path) -> int:
    """Return how many frames a file's header promises; 1 where it says nothing, is damaged, or promises too many.

    Such a file is listed once, and decoding it says what is wrong.
    """
    try:
        with files.open_regular(path) as file:
            head = file.read(_HEAD_BYTES)
        if not is_dicom(head):
            return 1
        count = _walk(head)
    except OSError:
        return 1
    except (struct.error, ValueError):  # longer than its head, or a file that the walk does not understand
        count = _ask_pydicom(path)
    return count if 1 <= count <= MAX_FRAMES else 1


def _walk(head: bytes) -> int:
    """Walk from tag to tag up to the number of frames.

    Raises
    ------
    ValueError, struct.error
        Something on the way is not understood, or lies behind the end of `head`.
    """
    place, implicit = 132, False
    while True:
        group, element = struct.unpack_from("<HH", head, place)
        if (group, element) >= _BEHIND:
            return 1
        meta = group == 2
        length, start = _length(head, place + 4, implicit and not meta)
        if length == _UNKNOWN_LENGTH:
            raise ValueError("of unknown length")
        value = head[start : start + length]
        if (group, element) == (2, 0x10):
            implicit = _is_implicit(value)
        if (group, element) == _FRAMES:
            return int(value.decode("ascii").strip("\0 "))
        place = start + length


def _length(head: bytes, place: int, implicit: bool) -> tuple[int, int]:
    """Return the length of a value, and where it starts."""
    if implicit:
        return struct.unpack_from("<I", head, place)[0], place + 4
    kind = head[place : place + 2]
    if not kind.isalpha():
        raise ValueError("no kind of value")
    if kind in _LONG:
        return struct.unpack_from("<I", head, place + 4)[0], place + 8
    return struct.unpack_from("<H", head, place + 2)[0], place + 4


def _is_implicit(syntax: bytes) -> bool:
    name = syntax.rstrip(b"\0 ")
    if name == _BIG_ENDIAN:
        raise ValueError("big endian")
    return name == _IMPLICIT


def _ask_pydicom(path: Path) -> int:
    header = read_header(path)
    try:
        return int(header.get("NumberOfFrames") or 1) if header is not None else 1
    except (TypeError, ValueError):
        return 1
