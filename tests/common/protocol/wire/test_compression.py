"""A frame fills no more memory than what is expected of it, whatever it announces."""

import tracemalloc

import pytest
import zstandard

from common.protocol.wire.compression import compressed, decompressed


@pytest.mark.parametrize("content", [b"", b"a", bytes(300_000), bytes(range(256)) * 1000])
def test_bytes_come_back(content):
    assert bytes(decompressed(compressed(content), len(content))) == content


def announcing(size: int) -> bytes:
    """A frame whose header announces so many bytes, with one empty block."""
    return bytes.fromhex("28b52ffd") + bytes([0xE0]) + size.to_bytes(8, "little") + bytes([1, 0, 0])


def large_window() -> bytes:
    """A frame that would make its reader hold a gigabyte."""
    parameters = zstandard.ZstdCompressionParameters.from_level(1, window_log=30)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return compressor.compress(bytes(2_000_000)) + compressor.flush()


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"no frame at all",
        compressed(bytes(999)),
        compressed(bytes(1001)),
        compressed(bytes(1000))[:-3],
        compressed(bytes(50_000_000)),
        announcing(2**40),
        announcing(1000),
        large_window(),
    ],
)
def test_any_other_number_of_bytes_is_refused_and_no_more_is_made(frame):
    tracemalloc.start()
    with pytest.raises(ValueError, match="frame"):
        decompressed(frame, 1000)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
