"""Says what a run is doing at this moment: a small file, from a thread of its own, so that no slow round keeps it."""

import contextlib
import threading
import time
from collections.abc import Mapping, Sequence

from common.artifacts.live.record import HEARTBEAT_SECONDS, Live, Part, live_file
from common.artifacts.run_files import now
from common.artifacts.schema import Failure, HospitalRound
from common.files import replace
from common.process import this_process
from common.protocol.description import Description
from common.protocol.progress_channel import ProgressChannel
from server.recording.events import Listener
from server.recording.recorder import Recorder

_LOOK_SECONDS = 1.0


class LiveRecorder(Listener):
    """Keeps ``progress.json`` in a run's folder while the run goes on, and takes it away at the end.

    Parameters
    ----------
    recorder : Recorder
        Of the run.
    names : mapping of str to str
        Hospital key to name, in configured order.
    channel : ProgressChannel, optional
        Through which simulated hospitals report their steps; without one nobody knows them here.
    stop : threading.Event, optional
        Set when the run was asked to stop.
    """

    def __init__(
        self,
        recorder: Recorder,
        names: Mapping[str, str],
        channel: ProgressChannel | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self._path = recorder.folder.progress
        self._names = dict(names)
        self._channel = channel
        self._stop = stop or threading.Event()
        self._live = Live(
            run_id=recorder.folder.run_id,
            process=this_process(),
            resume_command=recorder.resume_command,
            reports=channel is not None,
            hospitals={name: Part() for name in names.values()},
        )
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._written: tuple[bytes, float] = (b"", 0.0)
        self._thread = threading.Thread(target=self._keep, name="progress", daemon=True)

    def __enter__(self) -> "LiveRecorder":
        self.write()
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def phase(self, name: str, server_round: int) -> None:
        at = now()
        with self._lock:
            live = self._live
            if name == "train" and live.round != server_round:
                live.round, live.round_since = server_round, at
            elif name not in ("train", "evaluate"):
                live.round, live.round_since = None, None
            live.phase, live.phase_since = name, at
            live.hospitals = {each: Part("waiting", at) for each in live.hospitals}

    def described(self, descriptions: Sequence[Description]) -> None:
        for said in descriptions:
            self._enter(said.name, "done")

    def asked(self, name: str) -> None:
        if self._channel:  # what it said of its task before is no news of this one
            for key in (key for key, known in self._names.items() if known == name):
                self._channel.clear(key)
        self._enter(name, "asked")

    def trained(self, name: str, part: HospitalRound) -> None:
        if name in self._live.hospitals:
            self._enter(name, "done")
        else:  # one loader over all hospitals' slices
            for each in list(self._live.hospitals):
                self._enter(each, "done")

    def evaluated(self, name: str) -> None:
        self._enter(name, "done")

    def failed(self, failure: Failure) -> None:
        self._enter(failure.hospital, "failed", failure.reason)

    def stopped(self, name: str) -> None:
        self._enter(name, "done")

    def _enter(self, name: str, state: str, reason: str | None = None) -> None:
        with self._lock:
            if name in self._live.hospitals:
                self._live.hospitals[name] = Part(state, now(), reason=reason)  # type: ignore[arg-type]

    def _keep(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            self.write()

    def write(self) -> None:
        """Write what is new, or that the process lives; a full disk ends no run."""
        with self._lock:
            self._gather()
            self._live.stopping = self._stop.is_set()
            self._live.alive_at = None
            known = live_file(self._live)
            before, at = self._written
            if known == before and time.monotonic() - at < HEARTBEAT_SECONDS:
                return
            self._live.alive_at = now()
            content = live_file(self._live)
        self._written = known, time.monotonic()
        with contextlib.suppress(OSError):
            replace(self._path, content)

    def _gather(self) -> None:
        """Take over what the hospitals of this machine reported of the task that they were asked for."""
        for said in self._channel.read() if self._channel else ():
            part = self._live.hospitals.get(self._names.get(said.hospital, ""))
            reading = self._live.phase == "describe"
            if part and (part.state in ("asked", "working") or (reading and part.state == "waiting")):
                since = part.since if part.state == "working" else now()
                name = self._names[said.hospital]
                state = "waiting" if reading else "working"
                self._live.hospitals[name] = Part(state, since, said.task, said.done, said.total)  # type: ignore[arg-type]
