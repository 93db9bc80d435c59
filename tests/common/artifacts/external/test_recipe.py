"""Which settings make another recipe, by what a run of any version recorded of its own."""

from dataclasses import asdict

import pytest

from common.artifacts.external.recipe import _differences
from common.config.hydra import compose_settings

FINAL = ["train.on=all", "figures_of=run-003"]


def differing(recipe: list[str], final: list[str], without: tuple[str, str] | None = None) -> list[str]:
    recorded = asdict(compose_settings(recipe))
    if without:
        del recorded[without[0]][without[1]]
    return [name for name, *_ in _differences(recorded, compose_settings([*FINAL, *final]))]


@pytest.mark.parametrize(
    "free",
    ["output_dir=elsewhere", "data.root=there", "compute.threads=1", "in_service=false", "strategy.wait_seconds=9"],
)
def test_places_and_waiting_are_no_part_of_a_recipe(free):
    assert differing([], [free]) == []


@pytest.mark.parametrize("setting", ["rounds=99", "seed=7", "train.augment.gamma=0.2", "data.max_per_class=9"])
def test_what_a_figure_follows_from_is(setting):
    assert differing([], [setting]) == [setting.partition("=")[0]]


def test_yardsticks_of_the_tested_run_are_not_asked_of_the_final_one():
    assert differing(["cross_matrix=true", "fine_tune_rounds=3"], []) == []


def test_codings_that_keep_every_bit_are_one():
    assert differing(["wire=float32"], ["wire=lossless"]) == []
    assert differing(["wire=float32"], ["wire=int8"]) == ["wire.name"]


def test_a_setting_that_the_recipes_version_did_not_have_stood_at_its_default():
    assert differing([], [], without=("train", "part")) == []
    assert differing([], ["train.part=head"], without=("train", "part")) == ["train.part"]
