from __future__ import annotations

import json
from pathlib import Path

import pytest

from common.artifacts.read import load_run
from common.artifacts.read_records import HospitalData
from dashboard.settings import STATIC
from dashboard.viz import netmap
from dashboard.viz.theme import DARK, LIGHT
from tests.dashboard.runs import HOSPITALS, write_run


def rendered(hospitals: dict[str, HospitalData], **more: object) -> str:
    chart = netmap.draw(hospitals, {}, LIGHT, names=sorted(hospitals), **more)  # type: ignore[arg-type]
    return chart.get_root().render()


def test_every_script_and_style_is_the_dashboards_own(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path))
    for colours in (LIGHT, DARK):
        chart = netmap.draw(run.hospitals, {}, colours, names=run.hospital_names)
        for _, url in [*chart.default_js, *chart.default_css]:
            assert url.startswith("../../app/static/")
            assert (STATIC / url.removeprefix("../../app/static/")).is_file()
        elements = [*chart._children.values()]
        assert not [e for e in elements if getattr(e, "default_js", None) or getattr(e, "default_css", None)]


def test_the_coast_is_small_and_has_no_border_inside() -> None:
    assert (STATIC / "geo" / "coast.geojson").stat().st_size < 60_000
    (feature,) = netmap.coast()["features"]
    points = [point for polygon in feature["geometry"]["coordinates"] for ring in polygon for point in ring]
    assert all(50 <= x <= 110 and -2 <= y <= 45 for x, y in points)
    assert "sourceMappingURL" not in (STATIC / "leaflet" / "leaflet.js").read_text()


def test_a_dots_area_grows_with_the_slices() -> None:
    assert netmap.dot_radius(400, 400) == 20
    assert netmap.dot_radius(100, 400) == 10
    assert netmap.dot_radius(None, 400) == netmap.dot_radius(1, 10_000) == netmap.SMALLEST_DOT


@pytest.mark.parametrize("number", [1, netmap.LABELS_UP_TO + 1])  # with labels, and with labels under the pointer only
def test_names_can_neither_leave_the_html_nor_the_script(number: int) -> None:
    names = ["<script>alert(1)</script>`${alert(2)}\\"[: 29 + i] for i in range(number)]
    text = rendered({name: HospitalData(name, location=(20.0, 75.0 + i), total=5) for i, name in enumerate(names)})
    assert "<script>alert" not in text
    assert "${alert" not in text
    assert "lt;script" in text


def test_a_hospital_without_a_location_is_left_out() -> None:
    text = rendered({"Nowhere": HospitalData("Nowhere"), "Here": HospitalData("Here", location=(20.0, 75.0))})
    assert "Here" in text
    assert "Nowhere" not in text


def test_a_click_finds_its_hospital(tmp_path: Path) -> None:
    hospitals = load_run(write_run(tmp_path)).hospitals
    latitude, longitude = HOSPITALS["Phantom Jaipur"]
    assert netmap.nearest(hospitals, {"lat": latitude + 0.2, "lng": longitude - 0.1}) == "Phantom Jaipur"
    for clicked in (None, {}, {"lat": "x", "lng": 1}):
        assert netmap.nearest(hospitals, clicked) is None


@pytest.mark.parametrize("at", [(51.5, -0.1), (-33.9, 151.2)])
def test_a_hospital_beyond_the_coast_is_said(at: tuple[float, float]) -> None:
    assert netmap.outside_coast({"Far": HospitalData("Far", location=at)}) == ["Far"]
    (south, west), (north, east) = netmap.bounds([at])
    assert south < at[0] < north
    assert west < at[1] < east


def test_the_coast_is_plain_geojson() -> None:
    assert json.loads((STATIC / "geo" / "coast.geojson").read_text())["type"] == "FeatureCollection"
