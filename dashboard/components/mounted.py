"""Pieces of a page that are the dashboard's own: a script and a style of ``static/``, in the page's own colours."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.settings import STATIC


def mounted(name: str, folder: str, html: str, *styles: str) -> Callable[..., Any]:
    """Return what draws a piece: called with its ``key``, its ``data`` and ``on_..._change``.

    Parameters
    ----------
    folder : str
        Below ``static/``; it holds ``<folder>.js`` and ``<folder>.css``.
    styles : str
        Further style sheets below ``static/``, before its own.
    """
    sheets = [*styles, f"{folder}/{folder}.css"]
    return st.components.v2.component(
        name,
        html=html,
        css="\n".join((STATIC / sheet).read_text(encoding="utf-8") for sheet in sheets),
        js=(STATIC / folder / f"{folder}.js").read_text(encoding="utf-8"),
        isolate_styles=False,  # Leaflet is to find its box, and the page's fonts and colours are to reach them all
    )
