"""The verdict that a page begins with: an icon, a word, and its sentences as text."""

from collections.abc import Sequence

import streamlit as st

from dashboard.charts import theme
from dashboard.data.verdicts.verdict import WORDS, Tone, Verdict

ICONS: dict[Tone, str] = {
    "fine": ":material/check_circle:",
    "caution": ":material/warning:",
    "refuse": ":material/block:",
}


def verdict(sentences: Sequence[str], tone: Tone, word: str = "") -> None:
    """Draw sentences, which are plain text, under a tone; `word` stands instead of the tone's own."""
    said = theme.markdown(" ".join(sentences))
    with st.container(border=True, key="verdict"):
        st.markdown(f"{ICONS[tone]} **{theme.markdown(word or WORDS[tone])}.** {said}")


def draw(found: Verdict | None) -> None:
    """Draw a page's verdict; nothing where there is none."""
    if found is not None:
        verdict(found.sentences, found.tone, found.word)
