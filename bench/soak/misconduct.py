"""Hospitals that do what they should not: bad answers, changed slices, wrong clocks, another's name, a full disk."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import yaml  # type: ignore[import-untyped]

from bench.soak.event import Scene, event
from bench.soak.stage import TRAITOR
from tests.deployment.harness import KEYS, NAMES
from tests.deployment.tampering import LIES, SPOILT

_CLOCK_SECONDS = {"ahead": 60, "behind": -900}
_WRONG_CLOCK_SECONDS = 60.0


@event("bad answers by a hospital", "left out and named, or made harmless; the run completes")
def bad_answers(scene: Scene) -> str:
    """The traitor's program spoils what it trained, in one way each round."""
    scene.excuse(TRAITOR)
    scene.spoils = True
    ways = scene.luck.sample(sorted({**SPOILT, **LIES}), scene.stage.rounds)
    scene.stage.order.write_text(json.dumps({str(number + 1): way for number, way in enumerate(ways)}))
    scene.undo.append(lambda: scene.stage.order.write_text("{}"))
    return ", ".join(ways)


@event("images changed in the middle of a run", "left out and named; restored, it is back")
def images_changed(scene: Scene) -> str:
    """Somebody tidies up."""
    scene.excuse(scene.victim)
    scene.spoils = True
    scene.moment()
    path, restore = _some_image(scene)
    how = scene.luck.choice(("added", "removed", "replaced"))
    other = scene.luck.choice([each for each in _images(scene) if each.suffix == path.suffix and each != path])
    if how == "added":
        path = path.with_name(f"new{path.suffix}")
        shutil.copy(other, path)
    elif how == "removed":
        path.unlink()
    else:
        shutil.copyfile(other, path)
    time.sleep(scene.luck.randint(5, 30))
    path.unlink(missing_ok=True)
    if how != "added":
        shutil.copy2(restore, path)
    return f"{scene.victim}: one image {how}"


@event("a hospital's clock jumps", "refused and named on both sides; set right, it is back")
def clock_jumps(scene: Scene) -> str:
    """A minute ahead, or a quarter of an hour behind."""
    if scene.victim not in scene.stage.clocks:
        return "not tried: there is no C compiler to make a clock with"
    scene.excuse(scene.victim)
    way = scene.luck.choice(sorted(_CLOCK_SECONDS))
    scene.moment()
    process, clock = scene.stage.made.joined[scene.victim], scene.stage.clocks[scene.victim]
    before = process.text.count("clock is off")
    clock.write_text(str(_CLOCK_SECONDS[way]))
    try:
        scene.wait(
            lambda: process.text.count("clock is off") > before, f"{scene.victim} to see that its clock is off", 180
        )
        time.sleep(_WRONG_CLOCK_SECONDS)
    finally:
        clock.write_text("0")
    sign = f"(the key of {scene.victim})"
    assert any(sign in line and "clock is" in line for line in scene.stage.made.log().splitlines()), (
        "the centre names it"
    )
    return f"{scene.victim}, {way}"


@event("a hospital calls itself another", "left out and named; the run goes on without it", starts=True)
def impostor(scene: Scene) -> str:
    """Its key says who it is."""
    victim = scene.victim
    other = scene.luck.choice([key for key in KEYS if key != victim])
    scene.excuse(victim)
    stage = scene.stage
    settings = yaml.safe_load(stage.site(victim).read_text())
    settings["hospital"] = yaml.safe_load(stage.site(other).read_text())["hospital"]
    site = stage.site(victim).with_name("impostor.yaml")
    site.write_text(yaml.safe_dump(settings, allow_unicode=True))
    stage.made.joined[victim].stop()
    stage.join(victim, site).until("connected to the centre")
    scene.undo.append(lambda: stage.rejoin(victim))
    scene.run = stage.run(scene.strategy, "strategy.wait_seconds=20")
    scene.run.until(f"calls itself '{other}', but its key is that of {NAMES[victim]}")
    return f"{victim} as {other}"


@event("the centre's disk is full", "DISK001, exit code 1; resumed to the same weights")
def centre_disk_full(scene: Scene) -> str:
    """Everything up to the last complete round is safe."""
    scene.moment()
    scene.wait(lambda: scene.stage.folder.checkpoint.exists(), "a first checkpoint")
    filler = _fill(scene.stage.disk)
    try:
        scene.wait(lambda: not scene.running.is_alive, "the run to end", 600)
    finally:
        filler.unlink(missing_ok=True)
    assert scene.running.finish() == 1
    assert "DISK001" in scene.running.text
    scene.resume()
    return "resumed"


@event("a hospital's disk is full", "it goes on, or is left out and named; back when there is room")
def hospital_disk_full(scene: Scene) -> str:
    """The disk of its cache, which also holds its own state."""
    scene.excuse(scene.victim)
    scene.moment()
    filler = _fill(scene.stage.cache(scene.victim).parent)
    try:
        time.sleep(scene.luck.randint(20, 60))
    finally:
        filler.unlink(missing_ok=True)
    return scene.victim


def _fill(disk: Path) -> Path:
    """Write until nothing more fits."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return filler


def _images(scene: Scene) -> list[Path]:
    folder = scene.stage.slices(scene.victim)
    section = yaml.safe_load(scene.stage.site(scene.victim).read_text())["hospital"]
    return sorted(path for path in (folder / section["path"]).rglob("*") if path.suffix in (".png", ".jpg"))


def _some_image(scene: Scene) -> tuple[Path, Path]:
    """Pick an image of the victim's, and its untouched twin."""
    path = scene.luck.choice(_images(scene))
    return path, scene.stage.made.phantoms / path.relative_to(scene.stage.slices(scene.victim))
