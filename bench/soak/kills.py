"""Somebody pulls a plug: processes are killed, stopped or frozen, at the centre and at the hospitals."""

from __future__ import annotations

import signal
import time

from bench.soak.event import Scene, event
from tests.deployment.harness import Process

_CONNECTED = "connected to the centre"
_FROZEN_SECONDS = 120.0


def _kill(process: Process | None, word: str) -> None:
    victim = process.find(word) if process else None
    assert victim is not None, f"there is no {word} to kill"
    victim.kill()


@event("a message's process is killed", "asked again; nobody left out")
def message_killed(scene: Scene) -> str:
    """Out of memory at a hospital, say."""
    scene.moment()
    process = scene.stage.made.joined[scene.victim]
    scene.wait(process.at_work, "a message at work")
    worker = process.at_work()
    assert worker is not None
    worker.kill()
    process.until("was killed by signal 9")
    return f"{scene.victim} reconnected by itself"


@event("a hospital is killed and started again", "asked again, or left out and named; back")
def hospital_killed(scene: Scene) -> str:
    """A machine loses its power."""
    scene.excuse(scene.victim)
    scene.moment()
    scene.stage.made.joined[scene.victim].kill()
    began = time.monotonic()
    scene.stage.join(scene.victim).until(_CONNECTED)
    return f"{scene.victim} was back after {time.monotonic() - began:.0f} s"


@event("a hospital hangs for two minutes", "left out and named, or waited for; back")
def hospital_frozen(scene: Scene) -> str:
    """A virtual machine is moved."""
    scene.excuse(scene.victim)
    scene.moment()
    family = scene.stage.made.joined[scene.victim].family()
    for process in family:
        process.suspend()
    time.sleep(_FROZEN_SECONDS)
    for process in family:
        process.resume()
    return f"{scene.victim} woke up"


@event("the run's own process is killed", "exit code 1, marked as interrupted; resumed to the same weights")
def server_app_killed(scene: Scene) -> str:
    """The centre runs out of memory."""
    scene.moment()
    _kill(scene.stage.made.serving, "flwr-serverapp")
    assert scene.running.finish() == 1
    assert scene.stage.status()["state"] == "interrupted"
    scene.resume()
    return "resumed"


@event("the SuperLink is killed", "CENTRE003, exit code 1; restarted, resumed to the same weights")
def superlink_killed(scene: Scene) -> str:
    """The centre's program dies; the hospitals stay and wait."""
    scene.moment()
    serving = scene.stage.made.serving
    _kill(serving, "server.centre.superlink")
    assert serving is not None
    assert serving.finish() == 1
    assert "CENTRE003" in serving.text
    assert scene.running.finish() == 1
    scene.wait(lambda: scene.stage.status()["state"] == "interrupted", "the run to be marked")
    scene.stage.made.serve()
    scene.resume()
    return "resumed"


@event("server.serve is killed, its SuperLink not", "the next server.serve takes over; resumed to the same weights")
def serve_killed(scene: Scene) -> str:
    """Somebody kills the wrong process."""
    scene.moment()
    serving = scene.stage.made.serving
    assert serving is not None
    serving.popen.kill()
    serving.popen.wait()
    scene.wait(lambda: not scene.running.is_alive, "the run to end")
    scene.stage.made.serve()
    scene.resume()
    return "resumed"


@event("the run is stopped by Ctrl-C", "exit code 130; resumed to the same weights")
def run_stopped(scene: Scene) -> str:
    """Somebody needs the machine."""
    scene.moment()
    scene.running.popen.send_signal(signal.SIGINT)
    assert scene.running.finish() == 130
    scene.wait(lambda: scene.stage.status()["state"] == "interrupted", "the run to be marked")
    scene.resume()
    return "resumed"
