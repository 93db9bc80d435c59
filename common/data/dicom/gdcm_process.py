"""What `apart.py` runs: read a line of JSON and a frame, write a line of JSON and the pixels, until nothing comes."""

import contextlib
import json
import sys
from typing import Any

_MOST_BYTES = 2 * 2**30


def main() -> None:
    """Answer until the other side closes the pipe."""
    _limit_memory()
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while line := source.readline():
        options = json.loads(line)
        frame = source.read(options.pop("bytes"))
        try:
            pixels = _decode(frame, options)
        except Exception:
            target.write(b'{"refused": true}\n')
        else:
            target.write(json.dumps({"shape": pixels.shape, "dtype": pixels.dtype.str}).encode() + b"\n")
            target.write(pixels.tobytes())
        target.flush()


def _decode(frame: bytes, options: dict[str, Any]) -> Any:
    from pydicom.encaps import encapsulate
    from pydicom.pixels import get_decoder

    decoder = get_decoder(options.pop("syntax"))
    return decoder.as_array(encapsulate([frame]), index=0, decoding_plugin="gdcm", **options)[0]


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))


if __name__ == "__main__":
    main()
