"""Strangers: floods of connections and of bytes, plain text, forged lines for the log, a key that nobody registered."""

from __future__ import annotations

from bench.soak.event import Scene, event
from bench.soak.stage import STRANGER
from common.keys import fingerprint, load_public, new_key_pair
from tests.deployment.harness import KEYS, Process, free_port, wait_for

_CONNECTIONS, _IDLE_SECONDS = 2000, 90
_POSTS, _POST_MEGABYTES = 8, 200


def _log(scene: Scene, sign: str) -> None:
    scene.wait(lambda: sign in scene.stage.made.log(), f"the SuperLink's log to say '{sign}'", 60)


def _words(process: Process) -> str:
    process.finish()
    return process.text.strip().splitlines()[-1] if process.text.strip() else "nothing said"


@event("2,000 idle connections", "nobody left out; the same weights; memory and descriptors flat")
def idle_flood(scene: Scene) -> str:
    """More than a process may usually have open."""
    scene.moment()
    return _words(scene.stage.stranger("idle", str(_CONNECTIONS), str(_IDLE_SECONDS)))


@event("8 posts of 200 MB", "nobody left out; the same weights; the centre's memory stays")
def post_flood(scene: Scene) -> str:
    """The body comes before any key."""
    scene.moment()
    return _words(scene.stage.stranger("posts", str(_POSTS), str(_POST_MEGABYTES)))


@event("plain text to the port", "named in the log")
def plain_text(scene: Scene) -> str:
    """A port scanner."""
    scene.moment()
    before = scene.stage.made.log().count("it speaks plain text")
    said = _words(scene.stage.stranger("text"))
    scene.wait(lambda: scene.stage.made.log().count("it speaks plain text") > before, "the log to name it", 60)
    return said


@event("forged lines for the log", "refused; screen and log hold no control characters")
def forged_lines(scene: Scene) -> str:
    """Line breaks and escapes in the path of a request."""
    scene.moment()
    said = _words(scene.stage.stranger("paths"))
    serving = scene.stage.made.serving
    assert serving is not None
    for text in (serving.text, scene.stage.made.log()):
        assert "\x1b[2J" not in text, "an escape of the stranger's reached screen or log"
        assert "\nrefused 10.0.0.9" not in text, "a line of the stranger's own making stands on screen or in the log"
    return said


@event("a key that nobody registered", "refused and named on both sides")
def unknown_key(scene: Scene) -> str:
    """Somebody wants to be a hospital."""
    scene.moment()
    made = scene.stage.made
    folder = made.folder / "machines" / STRANGER / str(scene.step.luck)
    folder.mkdir(parents=True)
    new_key_pair(folder / "own.key", folder / "own.pub", "own")
    its = scene.stage.site(KEYS[0])
    site = folder / "hospital.yaml"
    import yaml  # type: ignore[import-untyped]

    settings = yaml.safe_load(its.read_text()) | {"private_key": str(folder / "own.key"), "port": free_port()}
    settings["root_certificate"] = str(its.parent / settings["root_certificate"])
    site.write_text(yaml.safe_dump(settings, allow_unicode=True))
    command = ["clients.join", "--config", str(site), "--skip-preflight"]
    process = made.start(f"unknown-{scene.step.luck}", *command, where=STRANGER)
    try:
        process.until("the centre refuses this key")
        _log(scene, f"unknown key {fingerprint(load_public(folder / 'own.pub'))}")
    finally:
        process.kill()
        wait_for(lambda: not process.is_alive, "the stranger to go")
    return "refused"
