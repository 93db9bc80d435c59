"""Ctrl-C ends a run cleanly: the batch under way ends, the run is marked, nothing is left behind."""

import os
import signal
import threading
from types import FrameType

from rich.console import Console

from common.errors import Interrupted
from common.protocol.progress_channel import ProgressChannel

_GRACE_SECONDS = 45.0


class Stopper:
    """Turns SIGINT and SIGTERM into a request that server and hospitals notice.

    Parameters
    ----------
    event : threading.Event
        The server looks at it several times a second.
    channel : ProgressChannel
        The hospitals look at it before each batch.
    console : Console
        Where to say so.
    """

    def __init__(self, event: threading.Event, channel: ProgressChannel, console: Console) -> None:
        self._event = event
        self._channel = channel
        self._console = console

    def __enter__(self) -> "Stopper":
        self._previous = {number: signal.signal(number, self._handle) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._event.is_set():
            os._exit(Interrupted.exit_code)  # asked twice: the run can be resumed from its last round all the same
        self._event.set()
        self._channel.stop()
        self._console.print("Stopping after the present batch (Ctrl-C again stops at once) ...")


def leave_if_stuck(code: int) -> None:
    """End the process after a grace period even if a hospital's process hangs; call when everything is written."""
    timer = threading.Timer(_GRACE_SECONDS, os._exit, args=(code,))
    timer.daemon = True
    timer.start()
