"""What of a run goes out."""

from __future__ import annotations

import msgspec
import pytest

from common.artifacts.schema import HospitalRound, Round
from server.export.figures import ALL, UNITS, final_figures, numbers, params_of, points_of, tags_of
from server.export.subject import subject_of
from tests.support.run_files import HOSPITALS, write_run


@pytest.fixture
def exported(tmp_path):
    write_run(tmp_path, "run-007", drop=2)
    return subject_of(tmp_path, "run-007").runs[0]


def test_every_number_of_a_round_has_a_unit():
    for record in (Round, HospitalRound):
        for each in msgspec.structs.fields(record):
            if {"int", "float"} & {kind.__name__ for kind in _kinds(each.type)} and each.name != "number":
                assert each.name in UNITS, each.name


def _kinds(kind):
    inside = [part for each in getattr(kind, "__args__", ()) for part in _kinds(each)]
    plain = getattr(kind, "__origin__", kind)
    if plain in (list, tuple, dict):
        return []
    return [each for each in (plain, *inside) if isinstance(each, type)]


def test_a_round_is_a_point_over_all_and_one_at_each_hospital_that_answered(exported):
    points = [point for point in points_of(exported.run) if point.round == 2]
    names = sorted(HOSPITALS)
    assert [point.hospital for point in points] == [ALL, *[name for name in HOSPITALS if name != list(HOSPITALS)[-1]]]
    assert len(names) == len(points)
    assert points[0].figures["seconds"] == 30.0
    assert points[1].figures["val_accuracy"] == exported.run.rounds[1].hospitals[points[1].hospital].val_accuracy


def test_test_figures_stand_by_hospital_with_the_ends_of_intervals(exported):
    found = final_figures(exported.run)
    assert list(found) == [ALL, *HOSPITALS]
    assert found[ALL]["test_accuracy"] == pytest.approx(0.89)
    assert found[ALL]["intervals/per_class_recall/glioma/low"] == pytest.approx(0.82)
    assert found["Phantom Jaipur"]["interval/high"] == pytest.approx(0.93)
    assert not [name for name in found[ALL] if "confusion" in name]


def test_numbers_leave_out_what_is_none():
    assert numbers({"a": {"b": 1, "c": None, "d": True, "e": [1, 2, 3]}, "f": float("nan")}) == {"a/b": 1.0}


def test_params_are_dotted_settings_without_places_on_the_disk(exported):
    found = params_of(exported)
    assert found["train.augment.flip"] == "true"
    assert found["strategy.min_hospitals"] == "null"
    assert not [name for name in found if name in ("output_dir", "data.root")]


def test_tags_say_that_it_is_synthetic(exported):
    found = tags_of(exported)
    assert (found["synthetic"], found["strategy"], found["seed"]) == ("true", "fedavg", "42")
    assert found["notice"].startswith("SYNTHETIC")
