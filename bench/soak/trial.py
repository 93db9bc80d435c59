"""One run of the soak: started, disturbed, resumed where that is due, and looked at when it is over."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from bench.soak.event import EVENTS, Scene, TooLateError
from bench.soak.schedule import RunPlan, Step
from bench.soak.stage import Stage
from bench.soak.verdicts import Happened, Trial, absences, unexplained
from common.files import sha256_of
from tests.deployment.harness import Process, wait_for

_RUN_SECONDS = 2400.0
_SETTLE_SECONDS = 180.0  # a hospital ends what it trains; Flower cannot stop it
_SHORT = 400


def perform(stage: Stage, plan: RunPlan, say: Callable[[str], None]) -> Trial:
    """Carry one run through.

    Parameters
    ----------
    say : callable
        Shows what is going on.
    """
    trial = Trial(plan.number, plan.strategy)
    began = time.monotonic()
    stage.clear()
    stage.mend()
    shown = {name: len(text) for name, text in stage.screens().items()}
    scenes: list[Scene] = []
    run: Process | None = None
    for step in sorted(plan.steps, key=lambda step: not EVENTS[step.event].starts):
        if run is None and not EVENTS[step.event].starts:
            run = stage.run(plan.strategy)
        scene = Scene(stage, step, run, plan.strategy)
        scenes.append(scene)
        say(f"run {plan.number}: {step.event}")
        trial.happened.append(_happen(scene, plan.number))
        run = scene.run
    run = run or stage.run(plan.strategy)
    say(f"run {plan.number}: {'running on' if scenes else 'undisturbed'}")
    _end(stage, run, scenes, trial)
    _judge(stage, scenes, trial, shown)
    trial.seconds = time.monotonic() - began
    return trial


def _happen(scene: Scene, number: int) -> Happened:
    """Let one event happen; whatever goes wrong is its problem."""
    name = scene.step.event
    try:
        return Happened(name, number, EVENTS[name].act(scene))
    except TooLateError:
        return Happened(name, number, "the run was over", missed=True)
    except (AssertionError, OSError, KeyError, RuntimeError) as error:
        return Happened(name, number, "", problem=" ".join(str(error).split())[:_SHORT] or type(error).__name__)


def _end(stage: Stage, run: Process, scenes: list[Scene], trial: Trial) -> None:
    """Wait for the run's end, undo what was done to the machines, and wait until nothing works any more."""
    try:
        if (code := run.finish(_RUN_SECONDS)) != 0:
            trial.problems.append(f"the run ended with exit code {code}: {' '.join(run.text.split())[-_SHORT:]}")
    except AssertionError:
        trial.problems.append(f"the run did not end in {_RUN_SECONDS:.0f} s: {' '.join(run.text.split())[-_SHORT:]}")
        run.kill()
    for scene in reversed(scenes):
        for undo in scene.undo:
            undo()
    try:
        wait_for(lambda: not _busy(stage), "everybody to rest", None, _SETTLE_SECONDS)
    except AssertionError:
        trial.problems.append(f"somebody was still at work {_SETTLE_SECONDS:.0f} s after the run")


def _busy(stage: Stage) -> bool:
    """Tell whether a hospital answers a message, or a run's own process is there."""
    serving = stage.made.serving
    working = serving is not None and serving.find("flwr-serverapp") is not None
    return working or any(each.at_work() for each in stage.made.joined.values())


def _judge(stage: Stage, scenes: list[Scene], trial: Trial, shown: dict[str, int]) -> None:
    """Look at what the run left: state, history, weights, screens."""
    status = stage.status()
    trial.state = str(status.get("state"))
    history = json.loads(stage.folder.history.read_text()) if stage.folder.history.exists() else []
    absent = absences(history)
    trial.left_out = [f"{who}, {when}: {why}" for who, when, why in absent]
    trial.problems += unexplained(absent, set().union(*(scene.excused for scene in scenes)))
    new = {name: text[shown.get(name, 0) :] for name, text in stage.screens().items()}
    trial.problems += [f"a traceback on the screen {name}" for name, text in new.items() if "Traceback" in text]
    runs = " ".join(text for name, text in new.items() if name.startswith("start-"))
    trial.problems += [
        f"{who}'s absence is not on the screen" for who, *_ in absent if f"{who} left out of" not in runs
    ]
    if trial.state != "completed":
        return
    if [row["epoch"] for row in history] != list(range(1, stage.rounds + 1)):
        trial.problems.append(f"the history has rounds {[row['epoch'] for row in history]}")
    if not absent and not any(scene.spoils for scene in scenes):
        same = sha256_of(stage.folder.best_weights) == sha256_of(stage.reference(trial.strategy))
        trial.same_weights = same


def steps_text(steps: tuple[Step, ...]) -> str:
    """Write what a run's plan is, for the screen."""
    said = [f"{step.event} ({step.victim}, round {step.round} {step.phase} + {step.delay} s)" for step in steps]
    return "; ".join(said) or "undisturbed"
