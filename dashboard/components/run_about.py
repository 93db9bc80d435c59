"""What people say of a run: shown to everybody, changed where the operator allows to write."""

from dataclasses import replace

import streamlit as st

from common.artifacts.listing.about import MOST_TAGS, NAME_LENGTH, NOTES_LENGTH, About, about_of, write_about
from common.errors import ProjectError
from dashboard.charts import theme
from dashboard.components import parts
from dashboard.data import cached

KEY = "about"


def open_for(key: str) -> None:
    """Show what is said of a run when the page is drawn next; again closes it."""
    st.session_state[KEY] = None if st.session_state.get(KEY) == key else key


def draw() -> None:
    """Draw what is said of the run that was opened, if any."""
    key = st.session_state.get(KEY)
    if key is None or key not in cached.run_index().entries:
        return
    with parts.card(f"About {theme.markdown(cached.title(key))}"):
        said = cached.about(key)
        if ":" in key:
            _read(key, said)
            st.caption("This run is in another folder, so what is said of it can be changed there only.")
        elif parts.may_write("Changing names, tags and notes"):
            _form(key, said)
        else:
            _read(key, said)


def _read(key: str, said: About) -> None:
    marks = [*(["★ baseline"] if said.star else []), *(["archived"] if said.archived else []), *said.tags]
    if marks:
        st.markdown(theme.markdown(" · ".join(marks)))
    st.text(said.notes or "No notes.")
    st.button("Close", key="about_close", on_click=open_for, args=(key,))


def _form(key: str, said: About) -> None:
    """Draw the fields; each run has its own, so that no half-written note goes to another."""
    tags = sorted({tag for entry in cached.run_index().entries.values() for tag in entry.about.tags})
    with st.form(f"about_{key}", border=False):
        left, right = st.columns(2)
        name = left.text_input(
            "Name",
            said.name,
            max_chars=NAME_LENGTH,
            placeholder=cached.run_index().derived.get(key) or "as its settings say",
            key=f"about_name_{key}",
        )
        chosen = right.multiselect(
            "Tags",
            tags,
            list(said.tags),
            accept_new_options=True,
            max_selections=MOST_TAGS,
            placeholder="Choose or write one",
            key=f"about_tags_{key}",
        )
        notes = st.text_area("Notes", said.notes, max_chars=NOTES_LENGTH, key=f"about_notes_{key}")
        with st.container(horizontal=True):
            star = st.checkbox("Baseline ★", said.star, key=f"about_star_{key}")
            archived = st.checkbox("Archived", said.archived, key=f"about_archived_{key}")
        with st.container(horizontal=True):
            save = st.form_submit_button("Save", type="primary", key=f"about_save_{key}")
            st.form_submit_button("Close", key=f"about_close_{key}", on_click=open_for, args=(key,))
    if save:
        _save(key, about_of(name, chosen, notes, star=star, archived=archived))


def _save(key: str, said: About) -> None:
    """Write what is said; a folder has one star."""
    try:
        write_about(cached.run_folder(key), said)
        for other in cached.run_ids() if said.star else ():
            found = cached.about(other)
            if found.star and other != key:
                write_about(cached.run_folder(other), replace(found, star=False))
    except KeyError:
        st.error(f"{key} was deleted meanwhile.", icon=":material/error:")
        return
    except ProjectError as error:
        st.error(theme.markdown(error.sentence), icon=":material/error:")
        return
    st.session_state[KEY] = None
    st.rerun()
