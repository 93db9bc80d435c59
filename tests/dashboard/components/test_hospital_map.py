from __future__ import annotations

import json
import math
from itertools import combinations
from pathlib import Path

import pytest

from common.artifacts.load import load_run
from common.artifacts.schema import HospitalData
from dashboard.charts import theme
from dashboard.components import hospital_map
from dashboard.settings import STATIC
from tests.support.run_files import write_run


def script(hospitals: dict[str, HospitalData], **more: object) -> str:
    return hospital_map.script(hospital_map.draw(hospitals, {}, theme.LIGHT, names=sorted(hospitals), **more))[1]  # type: ignore[arg-type]


def test_the_map_asks_for_nothing_and_is_the_same_each_time(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path))
    scripts = {script(run.hospitals) for _ in range(2)}
    assert len(scripts) == 1, "a page that is drawn anew would take it for another map"
    assert "http" not in scripts.pop()
    chart = hospital_map.draw(run.hospitals, {}, theme.LIGHT, names=run.hospital_names)
    assert not [
        e for e in chart._children.values() if getattr(e, "default_js", None) or getattr(e, "default_css", None)
    ]


def test_the_dots_are_drawn_in_the_order_of_the_placed_hospitals() -> None:
    here, there = HospitalData("Here", location=(20.0, 75.0)), HospitalData("There", location=(11.0, 76.0))
    hospitals = {"There": there, "Nowhere": HospitalData("Nowhere"), "Here": here}
    assert list(hospital_map.placed(hospitals)) == ["Here", "There"]
    text = script(hospitals)
    assert text.count("L.circleMarker(") == 2
    assert text.index("[20.0, 75.0]") < text.index("[11.0, 76.0]")


def test_hospitals_of_one_place_stand_around_it() -> None:
    parts = {f"Part {number:03d}": HospitalData("", location=(28.5, 77.2)) for number in range(100)}
    places = [body.location for body in hospital_map.placed(parts).values()]
    assert places[0] == (28.5, 77.2)
    assert len(set(places)) == 100
    assert min(math.dist(a, b) for a, b in combinations(places, 2)) > 0.5, "degrees"
    assert max(math.dist(places[0], place) for place in places) < 7


def test_the_coast_is_small_and_has_no_border_inside() -> None:
    assert (STATIC / "geo" / "coast.geojson").stat().st_size < 60_000
    (feature,) = hospital_map.coast()["features"]
    points = [point for polygon in feature["geometry"]["coordinates"] for ring in polygon for point in ring]
    assert all(50 <= x <= 110 and -2 <= y <= 45 for x, y in points)
    assert "sourceMappingURL" not in (STATIC / "leaflet" / "leaflet.js").read_text()


def test_a_dots_area_grows_with_the_slices() -> None:
    assert hospital_map.dot_radius(400, 400) == 20
    assert hospital_map.dot_radius(100, 400) == 10
    assert hospital_map.dot_radius(None, 400) == hospital_map.dot_radius(1, 10_000) == hospital_map.SMALLEST_DOT


@pytest.mark.parametrize("number", [1, hospital_map.LABELS_UP_TO + 1])  # with labels, and without
def test_names_can_neither_leave_the_html_nor_the_script(number: int) -> None:
    names = ["<script>alert(1)</script>`${alert(2)}\\"[: 29 + i] for i in range(number)]
    text = script({name: HospitalData(name, location=(20.0, 75.0 + i), total=5) for i, name in enumerate(names)})
    assert "<script>alert" not in text
    assert "${alert" not in text
    assert "lt;script" in text


def test_a_hospital_without_a_location_is_left_out() -> None:
    text = script({"Nowhere": HospitalData("Nowhere"), "Here": HospitalData("Here", location=(20.0, 75.0))})
    assert "Here" in text
    assert "Nowhere" not in text


@pytest.mark.parametrize("at", [(51.5, -0.1), (-33.9, 151.2)])
def test_a_hospital_beyond_the_coast_is_said(at: tuple[float, float]) -> None:
    assert hospital_map.outside_coast({"Far": HospitalData("Far", location=at)}) == ["Far"]
    (south, west), (north, east) = hospital_map.bounds([at])
    assert south < at[0] < north
    assert west < at[1] < east


def test_the_coast_is_plain_geojson() -> None:
    assert json.loads((STATIC / "geo" / "coast.geojson").read_text())["type"] == "FeatureCollection"
