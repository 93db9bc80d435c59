"""The three synthetic hospitals as sites, and a plan that is quick to follow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from clients import handlers, local_state
from clients.site import Site
from common.config.hydra import load_hospitals
from common.config.settings import DataPlan, ModelPlan, TrainPlan
from common.labels import CLASSES
from common.metrics.evaluation import EvaluateResult, TrainResult
from common.model.weights import Arrays
from common.protocol.messages import ExtraPayload, LocalStateRef, Task
from common.protocol.plan import Plan

PLAN = Plan(42, 2, list(CLASSES), DataPlan(image_size=32), ModelPlan(), TrainPlan(batch_size=16, lr=1e-3))


def sites_of(phantoms: Path, cache: Path) -> list[Site]:
    """Return the hospitals on machines of their own."""
    hospitals = load_hospitals(["phantom_jaipur", "phantom_hyderabad", "phantom_kolkata"])
    return [Site(hospital, phantoms, cache, "cpu") for hospital in hospitals]


def explaining(site: Site) -> Site:
    """Return the site as a simulation has it: its sentences may go to the server."""
    return replace(site, explains=True)


def file_names(folder: Path) -> list[str]:
    """Return the names of all files below a folder."""
    return sorted({path.name for path in folder.rglob("*") if path.is_file()})


NOTHING_KEPT = LocalStateRef()


def task_of(plan: Plan, number: int, arrays: Arrays, ref: LocalStateRef = NOTHING_KEPT, **changes) -> Task:
    """Return what the server would ask for in a round."""
    control = changes.pop("global_control", {})
    return Task(plan, number, arrays, **{"threads": 1, "extra": ExtraPayload(ref, control), **changes})


def train_at(
    site: Site, plan: Plan, number: int, arrays: Arrays, ref=NOTHING_KEPT, **changes
) -> tuple[Arrays, TrainResult]:
    """Let a hospital train."""
    return handlers.train(site, task_of(plan, number, arrays, ref, **changes))


def evaluate_at(
    site: Site, plan: Plan, split: str, number: int, arrays: Arrays, ref=NOTHING_KEPT, **changes
) -> EvaluateResult:
    """Let a hospital evaluate."""
    return handlers.evaluate(site, task_of(plan, number, arrays, ref, split=split, **changes))


def keep(site: Site, plan: Plan, ref: LocalStateRef, number: int, trained: Arrays) -> Arrays:
    """Let a hospital put away what stays of a trained model; return what travels."""
    return local_state.keep_local_layers(site, task_of(plan, number, {}, ref), trained)
