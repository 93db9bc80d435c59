from dataclasses import replace

import pytest

from common.artifacts.run_files import splits_json, stats_json
from common.config.settings import DataPlan, ModelPlan, TrainPlan
from common.labels import CLASSES
from common.protocol.plan import Plan
from tests.support.descriptions import description

HOSPITALS = [description("a", 6, 2, 2), description("b", 3, 1, 1)]


@pytest.fixture
def plan():
    data = DataPlan(val_fraction=0.2, test_fraction=0.1, group_split=False)
    return Plan(7, 3, list(CLASSES), data, ModelPlan(), TrainPlan())


def test_indices_count_through_the_hospitals_in_order(plan):
    content = splits_json(HOSPITALS, plan)
    assert content["train_idx"] == [0, 1, 2, 3, 4, 5, 11, 12, 13]
    assert content["val_idx"] == [6, 7, 14]
    assert content["test_idx"] == [8, 9, 15]
    own = content["hospitals"]["Hospital B"]
    assert (own["offset"], own["file_count"], own["files_sha256"]) == (11, 6, "hash of b")
    for part in ("train_idx", "val_idx", "test_idx"):
        assert {own["offset"] + index for index in own[part]} <= set(content[part])


def test_the_split_says_how_it_was_made(plan):
    content = splits_json(HOSPITALS, plan)
    assert (content["seed"], content["grouped"]) == (7, False)
    assert (content["val_fraction"], content["test_fraction"]) == (0.2, 0.1)
    assert content["split_date"]


def test_folds_and_what_is_in_no_part_are_written_where_there_are_folds(plan):
    assert "folds" not in splits_json(HOSPITALS, plan)
    assert "gap" not in stats_json(HOSPITALS, plan)["Hospital A"]
    folded = replace(plan, data=DataPlan(folds=5, fold=2))
    hospitals = [description("a", 6, 2, 2, gap_count=7), description("b", 3, 1, 1, gap_count=0)]
    content = splits_json(hospitals, folded)
    assert (content["folds"], content["fold"]) == (5, 2)
    assert [own["gap"] for own in content["hospitals"].values()] == [7, 0]
    assert stats_json(hospitals, folded)["Hospital A"]["gap"] == 7


def test_stats_hold_each_hospitals_own_words_by_name(plan):
    content = stats_json(HOSPITALS, plan)
    assert list(content) == ["Hospital A", "Hospital B"]
    own = content["Hospital A"]
    assert (own["key"], own["dataset_id"], own["location"]) == ("a", "dataset-a", [12.5, 77.25])
    assert (own["total_samples"], own["files_found"], own["unusable_files"]) == (10, 11, 1)
    assert own["audit"][0]["code"] == "DATA004"
    assert own["grouped_split"] is False
