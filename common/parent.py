"""A process that ends with the one that started it, however that one ended."""

import os
import signal
import threading
import time

from common.errors import Interrupted

_LOOK_SECONDS = 0.5
_GRACE_SECONDS = 45.0


def leave_with_parent() -> None:
    """Ask this process's main thread to end once the process that started it is gone, and see that it does.

    The signal goes to the main thread itself, which may be waiting for other threads: Flower's own, raised in another
    thread, does not wake it.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_SECONDS)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
        time.sleep(_GRACE_SECONDS)
        os._exit(Interrupted.exit_code)

    threading.Thread(target=watch, daemon=True).start()
