"""A table of texts that is drawn at once.

Streamlit's own brings Arrow to the page, and a Markdown parser to each cell.
"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.settings import STATIC

ROW_PIXELS = 33
_mount = st.components.v2.component(
    "text_table",
    html='<div class="text-table" tabindex="0"></div>',  # a focus, so that the keyboard can scroll it
    css=(STATIC / "table" / "table.css").read_text(encoding="utf-8"),
    js=(STATIC / "table" / "table.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def draw(texts: pd.DataFrame, *, alt: str, rows: int | None = None) -> None:
    """Draw a table whole: nothing cut off, read out by a screen reader, every sign as it is written.

    Parameters
    ----------
    texts : DataFrame
        A row of texts each; the first column names the row.
    alt : str
        What it tells, for a screen reader; unique on the page.
    rows : int or None
        From how many on it scrolls; None never.
    """
    data = {
        "alt": alt,
        "columns": [str(name) for name in texts.columns],
        "rows": [[str(text) for text in row] for row in texts.itertuples(index=False)],
        "height": None if rows is None or len(texts) <= rows else ROW_PIXELS * (rows + 1),
    }
    _mount(key=f"table: {alt}", data=data)
