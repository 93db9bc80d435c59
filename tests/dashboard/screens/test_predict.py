"""The reading desk without a browser: many files, one shown large, the reader's labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard.model import inference
from dashboard.model.familiarity import Familiarity
from tests.support import pages
from tests.support.uploads import encoded, png, slice_levels
from tests.support.weights import write_served_run


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    write_served_run(folder)
    return folder


@pytest.fixture
def page(served: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("FL_OUTPUT_DIR", str(served))
    return pages.open_page("predict")


def lay(app: AppTest, *contents: bytes) -> AppTest:
    files = [(f"Asha_Rao_{i}.png", content, "image/png") for i, content in enumerate(contents)]
    app.file_uploader[0].set_value(files).run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return pages.said(app).replace("\\", "")


def turned(count: int) -> list[bytes]:
    return [encoded(Image.fromarray(slice_levels()).rotate(7 * i)) for i in range(count)]


def test_many_files_at_once_with_a_bad_and_a_repeated_one(page: AppTest) -> None:
    app = lay(page, *turned(3), b"hello", turned(1)[0])
    told = said(app)
    assert "3 slices: " in told
    assert "The least sure is slice " in told
    assert "File 4 of 5: This file is neither" in told
    assert "1 file was here already and judged once" in told
    assert "Asha" not in told
    assert [button.proto.label for button in app.get("download_button")] == [
        "All slices as CSV",
        "All slices as PDF",
        "This slice as PDF",
    ]


def test_the_least_sure_is_shown_first_and_the_buttons_step_through_the_order(page: AppTest) -> None:
    app = lay(page, *turned(3))
    app.selectbox(key="order").set_value("As uploaded").run()
    app.selectbox(key="slice_shown").set_value(1).run()
    assert app.button(key="slice_previous").disabled
    app.button(key="slice_next").click().run()
    assert app.session_state["slice_shown"] == 2
    app.button(key="slice_next").click().run()
    assert app.button(key="slice_next").disabled
    assert not app.exception


def test_a_label_stays_with_its_slice_and_is_compared(page: AppTest) -> None:
    app = lay(page, *turned(2))
    app.slider(key="threshold").set_value(30).run()
    shown = app.session_state["slice_shown"]
    app.radio(key=f"label-{shown}").set_value("Pituitary").run()
    assert "You labelled 1 slice" in said(app)
    other = 3 - shown
    app.selectbox(key="slice_shown").set_value(other).run()
    assert app.radio(key=f"label-{other}").value == "None yet"
    app.selectbox(key="slice_shown").set_value(shown).run()
    assert app.radio(key=f"label-{shown}").value == "Pituitary"
    app.toggle(key="desk_table_open").set_value(True).run()
    assert not app.exception
    app.radio(key=f"label-{shown}").set_value("None yet").run()
    assert "Label a slice to see" in said(app)


def test_clearing_the_desk_forgets_slices_and_labels(page: AppTest) -> None:
    app = lay(page, *turned(2))
    app.radio(key=f"label-{app.session_state['slice_shown']}").set_value("Glioma").run()
    app.button(key="clear_desk").click().run()
    assert "Upload slices to ask" in said(app)
    app = lay(app, *turned(2))
    assert "Label a slice to see" in said(app)
    assert "here already" not in said(app)


def test_of_an_image_unlike_anything_trained_on_no_probability_is_shown(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = inference.predict_many

    def strange(answerer: inference.Answerer, images: list[Image.Image]) -> list[inference.Prediction]:
        found = real(answerer, images)
        return [inference.Prediction(each.probabilities, each.heat, Familiarity(9.0, 4.0)) for each in found]

    monkeypatch.setattr(inference, "predict_many", strange)
    app = lay(page, png())
    assert app.subheader[0].value == "Unlike anything trained on"
    assert "Unlike anything trained on, so there is no answer" in said(app)
    assert len(app.metric) == 0
    assert "No heat" in said(app)


def test_answers_of_the_model_before_are_said_to_be_so(page: AppTest) -> None:
    app = lay(page, png())
    desk = app.session_state["desk"]
    desk.card = replace(desk.card, sha256="0" * 64)
    app.run()
    assert "Another model is in service now" in said(app)
    assert len(app.get("file_uploader")) == 0
