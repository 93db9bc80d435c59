"""The model in service and a visitor's last answers, remembered; the only module here that knows Streamlit."""

from pathlib import Path

import streamlit as st

from common.artifacts.load import Stamp, stamp
from dashboard.model import inference, upload

_FILES = ("global_model.pth", "label_map.json", "familiarity.npz", "model_meta.json")


def answerer(output_dir: Path) -> inference.Answerer:
    """Return the model in service; loaded again only if one of its files has changed.

    Raises
    ------
    InputError
        Nothing is in service, or its files are damaged.
    """
    return _answerer(str(output_dir), stamp(*(output_dir / "models" / name for name in _FILES)))


def uploaded(file_id: str, name: str, content: bytes) -> upload.UploadedSlice:
    """Return a visitor's upload as a slice; raises `RefusedUpload` with one sentence."""
    return _uploaded(file_id, name, content)


def prediction(file_id: str, model: inference.Answerer, given: upload.UploadedSlice) -> inference.Prediction:
    """Return the model's answer to a visitor's upload."""
    return _prediction(file_id, model.card.sha256, model.card.temperature, model, given)


@st.cache_resource(show_spinner="Loading the model in service…", max_entries=2)
def _answerer(output_dir: str, files: Stamp) -> inference.Answerer:
    return inference.load_answerer(Path(output_dir))


# A slice is remembered in its visitor's session alone, and goes with it.


@st.cache_resource(show_spinner=False, max_entries=1, scope="session")
def _uploaded(file_id: str, _name: str, _content: bytes) -> upload.UploadedSlice:
    return upload.read_upload(_name, _content)


@st.cache_resource(show_spinner="Asking the model…", max_entries=1, scope="session")
def _prediction(
    file_id: str, sha256: str, temperature: float | None, _model: inference.Answerer, _given: upload.UploadedSlice
) -> inference.Prediction:
    return inference.predict(_model, _given.image)
