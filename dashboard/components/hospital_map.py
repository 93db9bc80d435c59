"""The map of hospitals on a page: folium's script, run by Leaflet in the page itself.

Not in a frame, as `streamlit_folium` does it: that brings a React and a Bootstrap of its own, and forgets the view.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import folium
import streamlit as st

from dashboard.charts import network_map
from dashboard.charts.theme import Palette
from dashboard.settings import STATIC

_STYLES = [STATIC / "leaflet" / "leaflet.css", STATIC / "map" / "map.css"]
_mount = st.components.v2.component(
    "hospital_map",
    html='<div class="hospital-map"></div>',
    css="\n".join(path.read_text(encoding="utf-8") for path in _STYLES),
    js=(STATIC / "map" / "map.js").read_text(encoding="utf-8"),
    isolate_styles=False,  # Leaflet is to find its box, and the page's fonts and colours are to reach it
)


def draw(chart: folium.Map, colours: Palette, *, key: str, on_click: Callable[[int], None]) -> None:
    """Draw a map; one with the same key keeps the view that the visitor chose.

    Parameters
    ----------
    chart : folium.Map
        From `netmap.draw`.
    colours : Palette
        Of the page's theme.
    key : str
        Unique on the page.
    on_click : callable
        Called before the page is drawn anew, with the number of the dot that was clicked, in the order of drawing.
    """

    def clicked() -> None:
        chosen: Any = st.session_state[key]["chosen"]
        if isinstance(chosen, int):  # a browser may send anything
            on_click(chosen)

    name, script = network_map.script(chart)
    data = {"name": name, "script": script, "sea": colours.sea}
    _mount(key=key, data=data, on_chosen_change=clicked)
