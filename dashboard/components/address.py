"""Keeps a page's choices in the address, so that it can be shared; what it asks for is checked, never opened."""

from collections.abc import Sequence

import streamlit as st

SEPARATOR = ","


def seed_one(key: str, options: Sequence[str], default: str | None) -> None:
    """Give a widget its first value: the session's, else the address's if it is an option, else the default."""
    asked = st.session_state.get(key, st.query_params.get(key))
    st.session_state[key] = asked if asked in options else default


def seed_many(key: str, options: Sequence[str], default: Sequence[str]) -> list[str]:
    """Give a widget of several values its first ones.

    Returns
    -------
    list of str
        What the address asked for and is not among the options.
    """
    if key in st.session_state:
        st.session_state[key] = [value for value in st.session_state[key] if value in options]
        return []
    asked = [value for value in st.query_params.get(key, "").split(SEPARATOR) if value]
    st.session_state[key] = [value for value in asked if value in options] or list(default)
    return [value for value in asked if value not in options]


def keep(**values: str | None) -> None:
    """Write the choices into the address; None takes one out."""
    for key, value in values.items():
        if value is None:
            st.query_params.pop(key, None)
        elif st.query_params.get(key) != value:
            st.query_params[key] = value
