"""Parts of a page that are drawn only once they are open, since each chart and each table keeps the browser busy."""

from collections.abc import Callable, Mapping

import streamlit as st

from dashboard.components import address


def tabs(drawn: Mapping[str, Callable[[], object]], *, key: str) -> None:
    """Draw one tab for each title, with what the open one holds; which that is stands in the address.

    Parameters
    ----------
    key : str
        Of the tabs and in the address, one of its own on each page.
    """
    names = list(drawn)
    address.seed_one(key, names, names[0])
    shown = st.tabs(names, key=key, on_change="rerun")
    for name, tab in zip(names, shown, strict=True):
        if tab.open:
            address.keep(**{key: None if name == names[0] else name})
            with tab:
                drawn[name]()
