from __future__ import annotations

import json

import pytest

from common.artifacts.listing.about import About, write_about
from dashboard.data.listing.run_index import RunIndex
from dashboard.data.listing.run_rows import SPARK_POINTS, View, arranged, filters, row
from tests.support.run_files import write_run, write_version_one


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> RunIndex:
    folder = tmp_path_factory.mktemp("rows")
    write_run(folder, "run-001", best=0.7)
    write_run(folder, "run-002", strategy="fedprox", best=0.9, done=90)
    write_run(folder, "run-003", state="failed", done=0, reason="No quorum.")
    reseeded = write_run(folder, "run-010", best=0.8)
    meta = json.loads((reseeded / "model_meta.json").read_text())
    meta["settings"]["seed"] = 7
    (reseeded / "model_meta.json").write_text(json.dumps(meta))
    write_version_one(folder / "v1")
    write_about(folder / "artifacts" / "run-001", About("First try", ("paper", "old"), "Seen by Dr Rao"))
    write_about(folder / "artifacts" / "run-002", About(tags=("paper",), archived=True))
    found = RunIndex({"": folder, "v1": folder / "v1"})
    found.refresh()
    return found


def keys(index: RunIndex, **view: object) -> list[str]:
    return [key for _, key in arranged(index, View(archived=True, **view))]  # type: ignore[arg-type]


def test_the_newest_is_first_by_number_and_not_by_letter(index: RunIndex) -> None:
    assert keys(index) == ["run-010", "run-003", "run-002", "run-001", "v1:run-001"]
    assert keys(index, sort="-run") == ["run-001", "run-002", "run-003", "run-010", "v1:run-001"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("test", ["run-002", "run-010", "run-001", "v1:run-001", "run-003"]),
        ("-test", ["v1:run-001", "run-001", "run-010", "run-002", "run-003"]),
        ("seed", ["run-010", "run-003", "run-002", "run-001", "v1:run-001"]),
        ("rounds", ["run-002", "run-010", "run-001", "v1:run-001", "run-003"]),
    ],
)
def test_sorting_leaves_what_is_missing_last(index: RunIndex, sort: str, expected: list[str]) -> None:
    assert keys(index, sort=sort) == expected


@pytest.mark.parametrize(
    ("find", "expected"),
    [("FIRST rao", ["run-001"]), ("paper", ["run-002", "run-001"]), ("fedprox", ["run-002"]), ("nobody", [])],
)
def test_every_word_is_looked_for_in_names_tags_and_notes(index: RunIndex, find: str, expected: list[str]) -> None:
    assert keys(index, find=find) == expected


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (("tag: paper",), ["run-002", "run-001"]),
        (("tag: paper", "tag: old", "strategy: FedAvg"), ["run-001"]),
        (("state: failed",), ["run-003"]),
        (("state: unrecorded",), ["v1:run-001"]),
    ],
)
def test_filters_of_one_kind_are_alternatives_and_kinds_come_together(
    index: RunIndex, only: tuple[str, ...], expected: list[str]
) -> None:
    assert set(only) <= set(filters(index))
    assert keys(index, only=only) == expected


def test_archived_runs_are_left_out_unless_pinned(index: RunIndex) -> None:
    assert "run-002" not in [key for _, key in arranged(index, View())]
    assert arranged(index, View(pinned=("run-002",)))[0] == ("", "run-002")


def test_runs_stand_in_groups_and_one_with_two_tags_in_both(index: RunIndex) -> None:
    assert arranged(index, View(group="tag", find="first")) == [("paper", "run-001"), ("old", "run-001")]
    assert arranged(index, View(group="strategy", find="run-0", pinned=("run-010",))) == [
        ("", "run-010"),
        ("FedAvg", "run-003"),
        ("FedAvg", "run-001"),
        ("not recorded", "v1:run-001"),
    ]


def test_runs_that_differ_in_their_seed_alone_are_one_group(index: RunIndex) -> None:
    groups = {key: group for group, key in arranged(index, View(group="alike"))}
    assert groups["run-010"] == groups["run-001"] != groups["run-003"]


def test_a_row_says_what_is_recorded_and_a_dash_for_the_rest(index: RunIndex) -> None:
    shown = row(index, "run-001")
    assert (shown["name"], shown["tags"], shown["test"]) == ("First try", ["paper", "old"], "69.0 % (66.0–72.0)")
    assert len(row(index, "run-002")["spark"]) <= SPARK_POINTS
    failed = row(index, "run-003")
    assert (failed["best"], failed["test"], failed["spark"], failed["rounds"]) == ("–", "–", [], "0/0")
    old = row(index, "v1:run-001")
    assert (old["seed"], old["strategy"], old["open"]) == ("–", "not recorded", None)
