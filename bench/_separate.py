"""Hospitals on machines of their own, as the server and they see it, in one process: what a message holds is the same.

No SuperLink, no sockets: `server.engines.inprocess` carries the messages, but the server takes the hospitals to be
elsewhere, so they keep models, and bytes are those of a real federation.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from flwr.app import Context, Message
from flwr.serverapp import Grid
from rich.console import Console

from clients.app import make_client_app
from clients.site import Site
from common.artifacts.layout import RunFolder
from common.config.hospital import Hospital
from common.config.hydra import compose_settings, load_hospitals
from common.config.settings import RunSettings
from common.files import absolute
from common.keys import new_shared_key
from server.engines import inprocess
from server.federation import exchange
from server.federation.exchange import Node, Place
from server.federation.federation import Federation, make_server_app
from server.federation.lifecycle import Job, run_job
from server.recording.checkpoint import RunProgress
from server.recording.events import Listener, Listeners
from server.recording.log import TrainingLog
from server.recording.recorder import Recorder
from server.recording.resume import resumed_settings

Answer = Callable[[Message, Context], Message]
Watch = Callable[[Answer], Answer]
"""Stands between server and hospitals: gets what answers, and returns what answers in its place."""


def run(
    overrides: Sequence[str], cache: Path, watch: Watch = lambda answer: answer, listener: Listener | None = None
) -> RunFolder:
    """Run a federation, or go on with one where the overrides say so, and return its folder.

    Parameters
    ----------
    overrides : sequence of str
        As ``python -m server.run`` takes them.
    cache : Path
        Below it each hospital has a cache folder of its own.
    """
    settings = compose_settings(list(overrides))
    folder = None
    if settings.resume:
        settings, folder = resumed_settings(settings, list(overrides))
    return run_with(settings, load_hospitals(settings.hospitals), cache, watch, listener, folder)


def run_with(
    settings: RunSettings,
    hospitals: Sequence[Hospital],
    cache: Path,
    watch: Watch = lambda answer: answer,
    listener: Listener | None = None,
    folder: RunFolder | None = None,
) -> RunFolder:
    """Run a federation of any hospitals, as `run` does; with secure aggregation they share a key.

    Parameters
    ----------
    folder : RunFolder, optional
        Of the run to go on with.
    """
    root = absolute(settings.data.root)
    key = _shared_key(cache) if settings.privacy.is_secure else None
    sites = [Site(each, root, cache / each.key, settings.compute.device, fingerprint_key=key) for each in hospitals]
    answer = watch(make_client_app(lambda context: sites[int(context.node_config["partition-id"])]))
    used: list[RunFolder] = []

    def work(progress: RunProgress, recorder: Recorder) -> None:
        used.append(recorder.folder)
        server = _server(settings, sites, progress, recorder, listener or Listener())
        with patch.object(exchange, "_REMOTE_POLL_SECONDS", 0.0):  # an answer is there when it is looked for
            inprocess.launch(make_server_app(server.run), answer, len(sites))

    run_job(Job(settings, hospitals, folder, "server.run", "superlink"), Console(file=io.StringIO()), work)
    return used[0]


def _shared_key(cache: Path) -> Path:
    """Return the key that hospitals would give each other."""
    cache.mkdir(parents=True, exist_ok=True)
    if not (path := cache / "shared.key").exists():
        new_shared_key(path)
    return path


def _server(
    settings: RunSettings, sites: Sequence[Site], progress: RunProgress, recorder: Recorder, listener: Listener
) -> Federation:
    def nodes(grid: Grid) -> list[Node]:
        return [Node(number, site.hospital.key, "today") for number, site in enumerate(sites, 1)]

    names = {site.hospital.key: site.hospital.name for site in sites}
    place = replace(Place(simulated=False), threads=settings.compute.threads)
    listeners = Listeners([recorder, TrainingLog(), listener])
    return Federation(settings, progress, recorder, listeners, threading.Event(), names, place, nodes)
