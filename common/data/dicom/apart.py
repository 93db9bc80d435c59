"""Decode with GDCM in a process of its own: on some damaged frames it ends the process that it runs in.

The process (`gdcm_process.py`) starts with the first such frame and ends with this one. It is asked one frame at a
time, may take `_SECONDS` for it, and is started anew after it was lost.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt

from common.data.decode import UnreadableImage

_SCRIPT = Path(__file__).with_name("gdcm_process.py")
_SECONDS = 60.0
_lock = threading.Lock()
_running: list[tuple[int, subprocess.Popen[bytes]]] = []  # at most one, and whose child it is


def decode_apart(frame: bytes, options: Mapping[str, Any]) -> npt.NDArray[Any]:
    """Decode one frame.

    Parameters
    ----------
    options : mapping
        As pydicom's decoders take them; plain values only.

    Raises
    ------
    UnreadableImage
        The frame is damaged.
    """
    with _lock:
        process = _process()
        overdue = threading.Timer(_SECONDS, process.kill)
        overdue.start()
        try:
            return _ask(process, frame, options)
        except (OSError, ValueError):
            _end(process)
            raise UnreadableImage("damaged: its compressed pixels cannot be decoded") from None
        finally:
            overdue.cancel()


def _ask(process: subprocess.Popen[bytes], frame: bytes, options: Mapping[str, Any]) -> npt.NDArray[Any]:
    to, back = cast(BinaryIO, process.stdin), cast(BinaryIO, process.stdout)
    to.write(json.dumps({**options, "bytes": len(frame)}).encode() + b"\n" + frame)
    to.flush()
    answer = json.loads(back.readline())  # an empty line, where the process has ended, is no JSON
    if "shape" not in answer:
        raise UnreadableImage("truncated or damaged")
    kind = np.dtype(answer["dtype"])
    return np.frombuffer(back.read(int(np.prod(answer["shape"])) * kind.itemsize), kind).reshape(answer["shape"])


def _process() -> subprocess.Popen[bytes]:
    if _running and _running[0][0] == os.getpid() and _running[0][1].poll() is None:
        return _running[0][1]
    _running.clear()
    command = [sys.executable, "-P", str(_SCRIPT)]  # -P: the modules beside the script are none of its own
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    _running.append((os.getpid(), process))
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            cast(BinaryIO, pipe).close()
    process.wait()
    _running.clear()
