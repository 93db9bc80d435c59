"""Predict: one slice, the answer of the model in service, and what to make of it."""

from __future__ import annotations

import streamlit as st

from common.errors import InputError
from dashboard.charts.theme import markdown
from dashboard.components import parts
from dashboard.data import cached as files
from dashboard.model import cached
from dashboard.model.image_checks import check_image
from dashboard.model.imageio import RefusedUpload
from dashboard.reports.prediction import Answer, sha256
from dashboard.screens import predict_parts

parts.header("Predict")
try:
    model = cached.answerer(files.settings().output_dir)
except InputError as error:
    last = next(iter(files.runs(files.run_ids()[:1]).values()), None)
    personal = f" {last.run_id}: {markdown(last.no_shared_model)}" if last and last.no_shared_model else ""
    parts.empty(
        f"No model can answer, so there is no prediction. {markdown(error.sentence)}{personal} "
        "A run puts its model there when it completes; an earlier one is put there with:",
        'python -m server.promote run-001 --reason "..."',
    )
    st.stop()
predict_parts.model_line(model.card)

with st.container(border=True):
    left, right = st.columns([1.3, 1], gap="medium")
    file = left.file_uploader(
        "MRI slice: PNG, JPEG or DICOM",
        key="slice",
        help="The file stays on this server, in memory, until you leave the page. Its name is not kept.",
    )
    threshold = right.slider("No call below (%)", 30, 99, 70, key="threshold") / 100
    strength = right.slider("Strength of the heat", 0.0, 1.0, 0.55, 0.05, key="strength")
if file is None:
    st.info("Upload one slice to ask the model in service.", icon=":material/upload_file:")
    st.stop()

try:
    upload = cached.uploaded(file.file_id, file.name, file.getvalue())
except RefusedUpload as error:
    st.error(markdown(error.sentence), icon=":material/block:")
    st.stop()
answer = Answer(
    upload.image,
    sha256(file.getvalue()),
    upload.kind,
    upload.notes,
    check_image(upload.image, model.card.image_size),
    cached.prediction(file.file_id, model, upload),
    threshold,
    strength,
    model.card,
)
left, right = st.columns([1.15, 1], gap="medium")
with left:
    with parts.card("Where the evidence lay"):
        predict_parts.pictures(answer)
    with parts.card("Is this image like the slices of training?"):
        predict_parts.checks(answer.checks, answer.notes)
with right:
    with st.container(border=True):
        predict_parts.verdict(answer)
    with parts.card("Which model said so"):
        predict_parts.model_card(answer.card)
        predict_parts.download(answer)
