"""Answers each message in a process of its own, forked from one that has everything imported.

This is the executor that ``flower-supernode --isolation process`` leaves to the operator, with two differences from
``flower-superexec``: a message costs no import, and the code that the centre sends along is neither unpacked nor run. A
hospital runs what its own people installed; the centre's copy must only be of the same version.

It stands on Flower's executor interface (``flwr.supercore.superexec``); a contract test tells when it moves.
"""

import argparse
import importlib
import logging
import multiprocessing
import sys
from collections.abc import Sequence
from importlib.metadata import version
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from clients.supernode.log_translation import MARK

PACKAGE = "brain-tumour-federation"
_RUN_CLIENTAPP = "flwr.supernode.runtime.run_clientapp"


class ForkExecutor:
    """Flower's executor, with processes forked instead of started.

    Every method is called by Flower's SuperExec loop.
    """

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        # Importing is most of what a message costs otherwise: PyTorch alone takes seconds. Nothing of this may compute
        # or touch a GPU: a forked process could not go on with it.
        self._context.set_forkserver_preload(["clients.app", "torchvision.models", _RUN_CLIENTAPP])
        self._processes: list[BaseProcess] = []

    def get_eligible_capacity(self, supported: set[Any], **rest: object) -> tuple[set[Any], set[str]]:
        """Take one task at a time; a SuperNode hands out one at a time."""
        return {kind for kind in supported if str(kind) == "flwr-clientapp"}, set()

    def wait_for_capacity(self, *arguments: object, **rest: object) -> None:
        """There is always room."""

    def launch(self, spec: Any) -> Any:
        """Answer one message in a process of its own."""
        from flwr.supercore.superexec.executor import LaunchResult

        process = self._context.Process(target=answer_one, args=(spec.runtime_api_address, spec.token, spec.parent_pid))
        process.start()
        self._processes.append(process)
        return LaunchResult.accepted()

    def reconcile(self) -> None:
        """Forget processes that have ended.

        One that was killed has left its message unanswered, and Flower may never notice. So this process ends, too;
        `clients.join` then reconnects, and the centre asks again.
        """
        for process in self._processes:
            if process.exitcode is not None and process.exitcode < 0:
                raise SystemExit(f"A message's process was killed by signal {-process.exitcode} (out of memory?).")
        self._processes = [process for process in self._processes if process.is_alive()]

    def close(self) -> None:
        """End what is still working."""
        for process in self._processes:
            process.terminate()


def answer_one(runtime_api_address: str, token: str, parent_pid: int | None) -> None:
    """Answer the message that `token` stands for, over the SuperNode's interface on loopback."""
    _mark_own_log_lines()
    module = importlib.import_module(_RUN_CLIENTAPP)
    module.get_load_client_app_fn = lambda **_: installed_app  # type: ignore[attr-defined]
    module.install_from_fab = _unpack_nothing  # type: ignore[attr-defined]
    module.run_clientapp(runtime_api_address, token, insecure=True, parent_pid=parent_pid)


def _mark_own_log_lines() -> None:
    """Print what the ClientApp logs with a mark by which `clients.supernode.log_translation` knows it."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(f"{MARK}%(message)s"))
    log = logging.getLogger("clients")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False


def _unpack_nothing(*archive: object, **how: object) -> None:
    """Leave the archive that the centre sent where it is.

    Flower would unpack it, into a folder whose name the archive says: a version ``1/../../..`` leads out of this
    program's own folders, and each new archive leaves one more.
    """


def installed_app(fab_id: str, fab_version: str, fab_hash: str) -> Any:
    """Return the ClientApp that is installed here, whatever the centre sent.

    Raises
    ------
    LoadClientAppError
        If the centre runs another version; Flower tells it so.
    """
    from flwr.clientapp.client_app import LoadClientAppError

    from clients.app import app

    if fab_version != version(PACKAGE):
        raise LoadClientAppError(
            f"The centre runs version {fab_version} of {PACKAGE}, this hospital {version(PACKAGE)}; install the same."
        )
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve one SuperNode until it ends."""
    command = argparse.ArgumentParser(prog="python -m clients.supernode.executor", description=__doc__)
    command.add_argument("--runtime-api-address", required=True, help="of the SuperNode, on loopback")
    command.add_argument("--secret-file", type=Path, help="shared with the SuperNode")
    command.add_argument("--parent-pid", type=int, help="end with this process")
    given = command.parse_args(arguments)
    secret = given.secret_file.read_bytes() if given.secret_file else None
    superexec = importlib.import_module("flwr.supercore.superexec.run_superexec")
    superexec.get_executor = lambda *_, **__: ForkExecutor()  # type: ignore[attr-defined]
    superexec.run_superexec(
        runtime_api_address=given.runtime_api_address,
        insecure=True,
        superexec_auth_secret=secret,
        parent_pid=given.parent_pid,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
