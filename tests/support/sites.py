"""The three synthetic hospitals as sites, and a plan that is quick to follow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from clients.site import Site
from common.config.hydra import load_hospitals
from common.config.settings import DataPlan, ModelPlan, TrainPlan
from common.labels import CLASSES
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
