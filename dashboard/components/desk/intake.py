"""Where files are laid on the desk, and how far the model is with them."""

import streamlit as st

from dashboard.charts import theme
from dashboard.components import parts
from dashboard.model import in_service, inference
from dashboard.model.desk import MAX_BYTES, MAX_SLICES, Desk

_ROUND = "desk_round"
_HELP = (
    "The files are read in this server's memory and let go at once. Small pictures and answers stay until you clear "
    "the desk or close this tab; names of files are not kept. One upload may hold "
    f"{MAX_BYTES / 1e6:.0f} MB, the desk {MAX_SLICES} slices."
)


def uploads(desk: Desk) -> None:
    """Draw the upload; it is empty again as soon as files came, so that no name of a file stays on the screen."""
    key = f"slices-{st.session_state.setdefault(_ROUND, 0)}"

    def received() -> None:
        files = in_service.take(st.session_state[key])
        if files:
            desk.receive(files)
            st.session_state[_ROUND] += 1

    st.file_uploader(
        f"MRI slices: PNG, JPEG, DICOM or NIfTI, up to {MAX_SLICES}",
        key=key,
        accept_multiple_files=True,
        on_change=received,
        help=_HELP,
    )


def clear() -> None:
    """Draw the button that empties the desk."""
    st.button("Clear the desk", icon=":material/delete_sweep:", on_click=in_service.clear_desk, key="clear_desk")


def progress(desk: Desk, model: inference.Answerer) -> None:
    """Ask the model about what waits, and show how far it is; a page that is drawn anew meanwhile goes on with it."""
    if not desk.busy:
        return
    slot = st.empty()
    while desk.busy:
        if desk.total > 1:
            slot.progress(desk.done / desk.total, f"Asking the model: {desk.done:,} of {desk.total:,}")
        desk.step(model)
    slot.empty()


def told(desk: Desk) -> None:
    """Say what of the files could not be used, the first few open and the rest folded."""
    sentences = [theme.markdown(sentence) for sentence in desk.said]
    for sentence in sentences[:3]:
        st.error(sentence, icon=":material/block:")
    if len(sentences) > 3:
        with st.expander(f"{len(sentences) - 3} more that could not be used"):
            st.markdown("\n".join(f"- {sentence}" for sentence in sentences[3:]))
    for notice in desk.notices():
        st.info(theme.markdown(notice), icon=":material/info:")


def another_model(desk: Desk, card: inference.ModelCard) -> bool:
    """Say, where it is so, that another model is in service now than the one whose answers lie here."""
    if (desk.card.sha256, desk.card.temperature) == (card.sha256, card.temperature):
        return False
    parts.empty("Another model is in service now, and these answers are the former one's; clear the desk to ask it.")
    return True
