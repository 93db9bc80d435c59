"""Flower's own simulation: hospitals in processes that Ray keeps.

``run_simulation`` is deprecated without a replacement that one's own process could call, so it is called here alone.
"""

import contextlib
import io
import logging
import os
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator

import ray
import torch
from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp
from flwr.simulation import run_simulation

from common.errors import ProjectError, RunError

log = logging.getLogger("ray")

# A model is in the store a few times over for each hospital at work: arguments and results of its messages. Ray refuses
# a store that is larger than the machine's memory, so it does not grow with the hospitals that wait for their turn.
_STORE_BYTES_PER_WORKER = 256 * 2**20
_STARTS = 2


class _ToLog(io.TextIOBase):
    """Takes what Ray prints, such as that its workers were ended, and hands it to the log."""

    def write(self, text: str) -> int:
        """Log a text; blank ones are dropped."""
        if text.strip():
            log.info(text.strip())
        return len(text)


def launch(server_app: ServerApp, client_app: ClientApp, hospitals: int, workers: int, stop: threading.Event) -> None:
    """Run both apps; what the ServerApp raises comes through.

    Parameters
    ----------
    server_app, client_app
        The same apps that every engine runs.
    hospitals : int
        How many there are.
    workers : int
        Processes to keep; as many hospitals can be at work at once.
    stop : threading.Event
        Set here if the backend breaks, so that the ServerApp does not wait for answers that cannot come.

    Raises
    ------
    RunError
        ``SIM001`` if Flower's simulation cannot start or breaks.
    """
    gpus = torch.cuda.device_count()
    config = {
        # A dead worker goes back into Flower's pool, where it would fail every later message. So Ray starts it anew and
        # repeats once what it was doing or was sent meanwhile; the answer follows from the message, so it is the same.
        "client_resources": {"num_cpus": 1, "num_gpus": gpus / workers, "max_restarts": -1, "max_task_retries": 1},
    }
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(_ToLog()):
            warnings.simplefilter("ignore")
            _start_ray(workers)
            run_simulation(server_app, client_app, num_supernodes=hospitals, backend_config=config)
    except ProjectError:
        raise
    except RuntimeError as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise RunError(
            "SIM001",
            f"Flower's simulation broke off ({reason}); the log says more, and compute.engine=inprocess needs no Ray.",
        ) from error
    finally:
        stop.set()
        ray.shutdown()


def _start_ray(workers: int) -> None:
    """Start Ray as Flower would, which goes on with a Ray that runs already.

    Ray's own time-outs are those of an idle machine, so a start that failed is tried again.
    """
    store_bytes = _STORE_BYTES_PER_WORKER * (workers + 1)  # one more: an answer that is being fetched
    for attempt in range(1, _STARTS + 1):
        try:
            with _without_its_remark():
                ray.init(
                    num_cpus=workers,
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level="ERROR",
                    object_store_memory=store_bytes,
                    runtime_env={"env_vars": {"PYTHONPATH": os.pathsep.join(sys.path)}},
                )
            return
        except Exception as error:
            log.warning("Ray did not start, attempt %d of %d: %s", attempt, _STARTS, error)
            ray.shutdown()
            if attempt == _STARTS:
                raise RuntimeError("Ray did not start") from error


@contextlib.contextmanager
def _without_its_remark() -> Iterator[None]:
    """Drop one line of Ray's start; whatever else is written to standard error appears when Ray has started or failed.

    The C++ below Ray says once in each process that it has read ``RAY_BACKEND_LOG_LEVEL``, before that level counts and
    straight to file descriptor 2, where no setting reaches it.
    """
    sys.stderr.flush()
    screen = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(screen, 2)
            os.close(screen)
            held.seek(0)
            for line in held:
                if b"Set ray log level from environment variable" not in line:
                    os.write(2, line)
