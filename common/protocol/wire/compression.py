"""Bytes compressed, and decompressed to exactly as many as are expected: what comes from anybody fills no memory."""

import zstandard

_LEVEL = 1  # higher ones gain nothing on the digits of weights
_MOST_WINDOW = 2**23  # bytes that a frame may make the reader hold; Zstandard's own recommendation


def compressed(content: bytes) -> bytes:
    """Return Zstandard's frame of some bytes."""
    return zstandard.ZstdCompressor(level=_LEVEL).compress(content)


def decompressed(frame: bytes, size: int) -> bytearray:
    """Return the bytes of a frame.

    Parameters
    ----------
    size : int
        How many there must be; no more are made, whatever the frame announces.

    Raises
    ------
    ValueError
        If there are fewer or more, or it is no frame.
    """
    content = bytearray(size + 1)
    view, filled = memoryview(content), 0
    try:
        with zstandard.ZstdDecompressor(max_window_size=_MOST_WINDOW).stream_reader(frame) as reader:
            while filled <= size and (read := reader.readinto(view[filled:])):
                filled += read
    except zstandard.ZstdError:
        raise ValueError("no frame") from None
    finally:
        view.release()
    if filled != size:
        raise ValueError("a frame of another size")
    del content[size:]
    return content
