"""The model in service and a visitor's desk, remembered; the only module here that knows Streamlit."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from PIL import Image
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from common.artifacts.load import Stamp, stamp
from dashboard.model import inference
from dashboard.model.desk import Desk

_DESK = "desk"
TABLE = "desk_table_base"
"""Where the table of labels keeps what it began with."""
_FILES = ("global_model.pth", "label_map.json", "familiarity.npz", "model_meta.json")


def answerer(output_dir: Path) -> inference.Answerer:
    """Return the model in service; loaded again only if one of its files has changed.

    Raises
    ------
    InputError
        Nothing is in service, or its files are damaged.
    """
    return _answerer(str(output_dir), stamp(*(output_dir / "models" / name for name in _FILES)))


def desk(card: inference.ModelCard) -> Desk:
    """Return this visitor's desk; it is in the memory of the session alone, and goes with it."""
    found = st.session_state.setdefault(_DESK, Desk(card))
    if not found.cases and not found.busy:
        found.card = card
    return found


def clear_desk() -> None:
    """Forget the visitor's slices and labels."""
    for key in (_DESK, TABLE):
        st.session_state.pop(key, None)


def take(files: Sequence[UploadedFile]) -> list[tuple[str, bytes]]:
    """Return names and contents of uploaded files, and have Streamlit forget them: else it holds them to the end."""
    context = get_script_run_ctx()
    found = [(file.name, file.getvalue()) for file in files]
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        for file in files:
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
    return found


@st.cache_resource(show_spinner="Loading the model in service…", max_entries=2)
def _answerer(output_dir: str, files: Stamp) -> inference.Answerer:
    found = inference.load_answerer(Path(output_dir))
    inference.predict(found, Image.new("RGB", (found.card.image_size,) * 2))  # the first answer takes longer
    return found
