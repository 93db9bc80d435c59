"""The map of hospitals, drawn without any request to the outside: own coast, no tiles.

Coasts only, on purpose: no political border is drawn.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import folium
import msgspec
import streamlit as st

from common.artifacts.schema import HospitalData
from dashboard.charts import formats, marks, theme
from dashboard.components.mounted import mounted
from dashboard.data import facts
from dashboard.settings import LIVE_SECONDS, STATIC

COAST_BOX = {"min_lat": -2, "max_lat": 45, "min_lon": 50, "max_lon": 110}
LARGEST_DOT = 20.0
SMALLEST_DOT = 5.0
LABELS_UP_TO = 8
_APART = 0.6  # degrees between hospitals of one place

_mount = mounted("hospital_map", "map", '<div class="hospital-map"></div>', "leaflet/leaflet.css")


def draw(
    hospitals: Mapping[str, HospitalData],
    tests: Mapping[str, facts.TestFigures],
    colours: theme.Palette,
    *,
    names: Sequence[str],
    selected: str | None = None,
) -> folium.Map:
    """Draw the hospitals that have a location, each in its colour, the selected one with a ring."""
    chart = folium.Map(
        zoom_control="bottomright",  # on the sea, where no hospital's name is
        tiles=None,
        attributionControl=False,
        zoomSnap=0.25,
        scrollWheelZoom=False,
    )
    chart.location = None  # nowhere else first: Leaflet would move from there
    on_map = placed(hospitals)
    chart.fit_bounds(bounds([body.location for body in on_map.values() if body.location]))
    _Coast(coast(), style_function=lambda _: _land(colours), interactive=False).add_to(chart)
    middle = _middle([body.location[1] for body in on_map.values() if body.location])
    largest = max((body.total or 0 for body in on_map.values()), default=0)
    style = marks.hospital_marks(names, colours)
    for name, body in on_map.items():
        radius = dot_radius(body.total, largest)
        text = _text(name, body, tests.get(name))
        labelled = len(on_map) <= LABELS_UP_TO
        folium.CircleMarker(
            body.location,
            radius=radius,
            color=colours.text if name == selected else colours.surface,
            weight=4 if name == selected else 2,
            fill=True,
            fill_color=style[name].colour,
            fill_opacity=1,
            tooltip=None if labelled else folium.Tooltip(text),
        ).add_to(chart)
        if labelled:
            _label(text, body, radius, middle).add_to(chart)
    return chart


def placed(hospitals: Mapping[str, HospitalData]) -> dict[str, HospitalData]:
    """Return the hospitals that have a location, in the order in which their dots are drawn.

    Those of one place, such as the parts of one folder, stand around it.
    """
    found: dict[str, HospitalData] = {}
    here: Counter[tuple[float, ...]] = Counter()
    for name, body in sorted(hospitals.items()):
        if body.location is not None:
            place = tuple(body.location)
            found[name] = msgspec.structs.replace(body, location=_beside(body.location, here[place]))
            here[place] += 1
    return found


def _beside(location: Sequence[float], number: int) -> tuple[float, float]:
    """Return the place of one of several hospitals at a location, as seeds lie in a sunflower; the first is there."""
    turn, far = number * math.pi * (3 - math.sqrt(5)), _APART * math.sqrt(number)
    return location[0] + far * math.sin(turn), location[1] + far * math.cos(turn)


def script(chart: folium.Map) -> tuple[str, str]:
    """Return the map's name and the JavaScript that draws it, which needs Leaflet and a box whose id is that name.

    The same map gives the same script: folium's own names are random, and a page takes other words for another map.
    """
    for number, element in enumerate(_inside(chart)):
        element._id = str(number)
    root = chart.get_root()
    root.render()
    return chart.get_name(), root.script.render()


def _inside(element: folium.Element) -> Iterator[folium.Element]:
    yield element
    for child in element._children.values():
        yield from _inside(child)


def show(
    chart: folium.Map,
    colours: theme.Palette,
    *,
    key: str,
    on_click: Callable[[int], None],
    now: Callable[[], Sequence[str]] | None = None,
) -> None:
    """Show a map on the page; one with the same key keeps the view that the visitor chose.

    Not in a frame, as `streamlit_folium` does it: that brings a React and a Bootstrap of its own, and forgets the view.
    `on_click` is called before the page is drawn anew, with the number of the dot that was clicked, as drawn. `now`
    says what each hospital does at this moment, in the order of `placed`; asked every second, the map stays as it is.
    """
    flag = f"{key}-clicked"

    def clicked() -> None:
        chosen: Any = st.session_state[key]["chosen"]
        if isinstance(chosen, int):  # a browser may send anything
            on_click(chosen)
            st.session_state[flag] = True

    name, code = script(chart)
    data = {"name": name, "script": code, "sea": colours.sea}
    if now is None:
        _mount(key=key, data=data, on_chosen_change=clicked)
    else:
        st.session_state.pop(flag, None)
        _mount_live(key, data, clicked, now, flag)


@st.fragment(run_every=LIVE_SECONDS)
def _mount_live(
    key: str, data: Mapping[str, str], clicked: Callable[[], None], now: Callable[[], Sequence[str]], flag: str
) -> None:
    """Mount the map with what changes every second; a click draws the whole page, as it does elsewhere."""
    if st.session_state.pop(flag, False):
        st.rerun()
    _mount(key=key, data={**data, "now": list(now())}, on_chosen_change=clicked)


def dot_radius(slices: int | None, largest: int) -> float:
    """Return a dot's radius in pixels: its area grows with the slices."""
    if not slices or largest <= 0:
        return SMALLEST_DOT
    return max(SMALLEST_DOT, LARGEST_DOT * math.sqrt(slices / largest))


def bounds(locations: Sequence[tuple[float, float]]) -> list[list[float]]:
    """Return the south-west and north-east corner around the hospitals, with room for their labels."""
    if not locations:
        return [[8.0, 68.5], [32.5, 90.5]]
    south, north = min(at[0] for at in locations), max(at[0] for at in locations)
    west, east = min(at[1] for at in locations), max(at[1] for at in locations)
    tall, wide = max(3.0, (north - south) * 0.25), max(3.0, (east - west) * 0.2)
    return [[south - tall, west - wide], [north + tall, east + wide]]


def outside_coast(hospitals: Mapping[str, HospitalData]) -> list[str]:
    """Return the hospitals that lie where no coast is drawn."""
    box = COAST_BOX
    return [
        name
        for name, body in sorted(hospitals.items())
        if body.location
        and not (
            box["min_lat"] <= body.location[0] <= box["max_lat"]
            and box["min_lon"] <= body.location[1] <= box["max_lon"]
        )
    ]


@cache
def coast() -> dict[str, Any]:
    """Return the coast outline (GeoJSON)."""
    return json.loads((STATIC / "geo" / "coast.geojson").read_text(encoding="utf-8"))


class _Coast(folium.GeoJson):
    """The coast, whose box is known: folium would look at each of its 3,326 points whenever the map is drawn."""

    def _get_self_bounds(self) -> list[list[float | None]]:
        return [[COAST_BOX["min_lat"], COAST_BOX["min_lon"]], [COAST_BOX["max_lat"], COAST_BOX["max_lon"]]]


def _land(colours: theme.Palette) -> dict[str, Any]:
    return {"fillColor": colours.land, "color": colours.coast, "weight": 1, "fillOpacity": 1}


def _text(name: str, body: HospitalData, test: facts.TestFigures | None) -> str:
    second = facts.slices(body)
    if test is not None:
        second += f" · {formats.percent(test.accuracy)}"
    return f"<b>{_script_safe(name if len(name) <= 30 else name[:29] + '…')}</b><br>{second}"


def _label(text: str, body: HospitalData, radius: float, middle: float) -> folium.Marker:
    """Write beside a dot, on the side that faces the middle, where nothing is cut off.

    Not a Leaflet tooltip: that measures itself once, and wrongly if the style sheet arrives after it.
    """
    side = "right" if body.location is not None and body.location[1] > middle else "left"
    html = f'<div style="position:absolute;{side}:{radius + 5:.0f}px;white-space:nowrap">{text}</div>'
    icon = folium.DivIcon(html=html, icon_size=(0, 0), icon_anchor=(0, 0), class_name="hospital")
    return folium.Marker(body.location, icon=icon)


def _middle(longitudes: Sequence[float]) -> float:
    return (min(longitudes) + max(longitudes)) / 2 if longitudes else 0.0


def _script_safe(name: str) -> str:
    """Make a name safe inside HTML inside the JavaScript template string that folium writes."""
    return theme.plain(name).replace("\\", "&#92;").replace("`", "&#96;").replace("$", "&#36;")
