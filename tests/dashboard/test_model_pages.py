"""Predict, Analytics, Data and Models in every state, without a browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from common.artifacts.service import put_in_service
from common.artifacts.service_history import read_changes, run_in_service
from tests.support import pages
from tests.support.run_files import STRANGE, write_json, write_run, write_version_one
from tests.support.uploads import bomb_png, dicom, png
from tests.support.weights import write_run_with_weights, write_served_run

PAGES = ("predict", "analytics", "data", "models")


def open_page(output_dir: Path, name: str, monkeypatch: pytest.MonkeyPatch, **query: str) -> AppTest:
    monkeypatch.setenv("FL_OUTPUT_DIR", str(output_dir))
    app = pages.open_page(name, **query)
    assert not app.exception
    return app


def open_promotion(output_dir: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The Models page with its form unfolded."""
    app = open_page(output_dir, "models", monkeypatch)
    app.session_state["promote"] = True
    return app.run()


def words(app: AppTest) -> str:
    """Everything that a page says in words."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "warning", "error", "info", "success", "metric")
    kinds = (*kinds, "code")
    said = [str(getattr(element, "value", "")) for kind in kinds for element in getattr(app, kind)]
    labels = [element.label for kind in ("metric", "expander") for element in getattr(app, kind)]
    deltas = [str(element.delta) for element in app.metric]
    frames = [*(element.value for element in app.dataframe), *pages.tables(app)]
    return " ".join([*said, *labels, *deltas, *(frame.to_string() for frame in frames)]).replace("\\", "")


def test_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PAGES:
        said = words(open_page(tmp_path, name, monkeypatch))
        assert "python -m server." in said, name


def test_a_running_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(tmp_path, state="running", done=2, rounds=5)
    assert "still running" in words(open_page(tmp_path, "analytics", monkeypatch))
    assert "2 slices are there twice" in words(open_page(tmp_path, "data", monkeypatch))
    assert "No completed run is recorded here yet" in words(open_page(tmp_path, "models", monkeypatch))
    assert "No model can answer" in words(open_page(tmp_path, "predict", monkeypatch))


def test_a_failed_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(tmp_path, state="failed", done=1, rounds=5, reason="two hospitals were gone")
    assert "did not reach its test" in words(open_page(tmp_path, "analytics", monkeypatch))


def test_a_run_that_has_just_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_run(tmp_path, state="running", done=0, rounds=5)
    (folder / "dataset_stats.json").unlink()
    assert "still describing" in words(open_page(tmp_path, "data", monkeypatch))


def test_version_1_opens_and_says_what_it_did_not_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_version_one(tmp_path)
    analytics = words(open_page(tmp_path, "analytics", monkeypatch))
    assert "not per hospital" in analytics
    assert "is not recorded" in analytics
    confidence = open_page(tmp_path, "analytics", monkeypatch, section="Confidence")
    assert "Not recorded for this run." in words(confidence)
    data = words(open_page(tmp_path, "data", monkeypatch))
    assert "No audit was recorded" in data
    assert "A run that is not recorded" in words(open_page(tmp_path, "models", monkeypatch))
    predict = open_page(tmp_path, "predict", monkeypatch)
    assert "models/global_model.pth cannot be read" in words(predict)
    assert len(predict.get("file_uploader")) == 0


@pytest.mark.parametrize("broken", ["{", "[]", "null", '{"metrics": {"per_hospital": 3, "confusion_matrix": "x"}}', ""])
def test_malformed_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    folder = write_run_with_weights(tmp_path)
    (tmp_path / "models").mkdir()
    for path in (
        folder / "model_meta.json",
        tmp_path / "models" / "model_meta.json",
        tmp_path / "models" / "history.jsonl",
    ):
        path.write_text(broken)
    (folder / "dataset_stats.json").write_text(broken)
    for name in PAGES:
        assert words(open_page(tmp_path, name, monkeypatch))


def test_names_are_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_served_run(tmp_path, hospitals=STRANGE)
    for name, section in (("analytics", "Hospital by hospital"), ("data", "The split")):
        app = open_page(tmp_path, name, monkeypatch, section=section)
        said = words(app)
        assert "टाटा मेमोरियल मुंबई" in said
        assert "<script>alert(1)</script>" in said
        shown = [*app.markdown, *app.caption, *app.warning, *app.info]
        assert not any(element.allow_html for element in shown if hasattr(element, "allow_html"))
        assert not any("<script>" in str(element.value) for element in shown)  # escaped wherever markdown is read


def test_an_unknown_run_in_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(tmp_path)
    said = words(open_page(tmp_path, "analytics", monkeypatch, run="../../etc"))
    assert "showing run-001" in said


def test_analytics_per_hospital(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(tmp_path)
    app = open_page(tmp_path, "analytics", monkeypatch)
    assert "90.0 % (69.9–97.2)" in words(app)
    app.session_state["of"] = "Phantom Kolkata"
    app.run()
    assert not app.exception
    assert pages.tables(app)[0]["Recall"][0] == "85.0 % (64.0–94.8)"
    one = open_page(tmp_path, "analytics", monkeypatch, of="Phantom Nowhere")
    assert one.session_state["of"] == "All hospitals"


# --- Predict ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    write_served_run(folder)
    return folder


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    app.file_uploader[0].set_value((name, content, "application/octet-stream")).run()
    assert not app.exception
    return app


def test_predict_says_which_model_and_that_it_is_synthetic(served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = upload(open_page(served, "predict", monkeypatch), "slice.png", png())
    said = words(app)
    for expected in ("SYNTHETIC: this model", "run-001", "round 3", "Confidence", "Margin to 2nd", "does not outline"):
        assert expected in said, expected
    assert "Not a medical device" in said


def test_the_threshold_decides_between_call_and_no_call(served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = upload(open_page(served, "predict", monkeypatch), "slice.png", png())
    app.slider(key="threshold").set_value(30).run()
    likely = app.subheader[0].value
    app.slider(key="threshold").set_value(99).run()
    assert app.subheader[0].value == "Not sure enough to name a class"
    assert f"{likely} is likeliest" in words(app) or likely == "Not sure enough to name a class"


def test_predict_says_whether_its_probabilities_are_calibrated(
    served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = words(upload(open_page(served, "predict", monkeypatch), "slice.png", png()))
    assert "Dividing the scores by 1.50 brings stated confidence closer to the share correct" in said
    assert "1.0 instead of 2.5 points on test slices" in said
    write_served_run(tmp_path)
    meta = tmp_path / "models" / "model_meta.json"
    body = json.loads(meta.read_text())
    del body["temperature"]
    write_json(meta, body)
    app = upload(open_page(tmp_path, "predict", monkeypatch), "slice.png", png())
    assert "Whether a temperature is applied is not recorded." in words(app)


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"hello", "neither a PNG"), (png()[:300], "truncated or damaged"), (bomb_png(), "megapixels"), (b"", "neither")],
    ids=["text", "truncated", "bomb", "empty"],
)
def test_what_cannot_be_used_is_said_and_the_page_stays_up(
    served: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, expected: str
) -> None:
    app = upload(open_page(served, "predict", monkeypatch), "Asha_Rao.png", content)
    assert expected in app.error[0].value
    assert "Asha" not in words(app)
    assert len(app.subheader) == 0
    upload(app, "slice.png", png())
    assert len(app.error) == 0
    assert len(app.subheader) == 1


def test_a_dicom_slice(served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pydicom")
    app = upload(open_page(served, "predict", monkeypatch), "IM0001", dicom())
    assert "no window" in words(app)
    assert "Rao" not in words(app)


def test_damaged_weights_answer_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_served_run(tmp_path)
    (tmp_path / "models" / "global_model.pth").write_bytes(b"junk")
    monkeypatch.setattr("common.artifacts.service.time.sleep", lambda seconds: None)
    said = words(open_page(tmp_path, "predict", monkeypatch))
    assert "No model can answer" in said
    assert "SHA-256" in said


# --- Models ----------------------------------------------------------------------------------------------------------


def test_versions_and_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_served_run(tmp_path)
    write_run(tmp_path, "run-002")
    said = words(open_promotion(tmp_path, monkeypatch))
    assert "● in service" in said
    assert "the first one" in said
    assert "weights not here" in said  # run-002's
    assert "python -m server.promote run-001 --reason ..." in said
    assert "is off" in said


def test_without_the_switch_there_is_no_button(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_served_run(tmp_path)
    monkeypatch.delenv("FL_DASH_ALLOW_WRITE", raising=False)
    assert len(open_promotion(tmp_path, monkeypatch).button) == 0
    monkeypatch.setenv("FL_DASH_ALLOW_WRITE", "1")
    monkeypatch.setattr("streamlit.get_option", lambda name: "0.0.0.0")
    assert len(open_promotion(tmp_path, monkeypatch).button) == 0


def test_putting_another_one_in_service_asks_for_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_served_run(tmp_path)
    write_run_with_weights(tmp_path, "run-002", seed=1)
    monkeypatch.setenv("FL_DASH_ALLOW_WRITE", "1")
    monkeypatch.setattr("dashboard.settings.write_allowed", lambda settings, address: settings.write_asked)
    app = open_promotion(tmp_path, monkeypatch)
    app.selectbox(key="promote_run").set_value("run-002").run()
    app.button(key="promote_now").click().run()
    assert "needs a reason" in app.error[0].value
    assert run_in_service(tmp_path) == "run-001"
    app.text_input(key="promote_reason").set_value("better <b>recall</b>").run()
    app.button(key="promote_now").click().run()
    assert not app.exception
    assert "run-002 is in service" in app.success[0].value
    changes, _ = read_changes(tmp_path)
    assert (changes[-1].run_id, changes[-1].reason, changes[-1].by) == ("run-002", "better <b>recall</b>", "dashboard")


def test_the_page_begins_with_which_run_answers_and_whether_another_is_better(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_served_run(tmp_path)
    write_run_with_weights(tmp_path, "run-002", seed=1)
    for run_id in ("run-001", "run-002"):
        body = {"files_sha256": "a", "test_idx": [1, 2]}
        write_json(tmp_path / "artifacts" / run_id / "dataset_splits.json", {"hospitals": dict.fromkeys("AB", body)})
    said = words(open_promotion(tmp_path, monkeypatch))
    assert "run-001 answers on Predict since" in said
    assert "run-002 is as good on the same 80 slices." in said
    assert "What changes." in said
    assert "Unpaired" in said


def test_one_click_rolls_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_served_run(tmp_path)
    write_run_with_weights(tmp_path, "run-002", seed=1)
    put_in_service(tmp_path, "run-002", reason="better", by="Asha")
    said = words(open_page(tmp_path, "models", monkeypatch))
    assert "python -m server.promote run-001 --reason 'roll back'" in said, "the command, where the page may not write"
    monkeypatch.setenv("FL_DASH_ALLOW_WRITE", "1")
    monkeypatch.setattr("dashboard.settings.write_allowed", lambda settings, address: settings.write_asked)
    app = open_page(tmp_path, "models", monkeypatch)
    app.button(key="roll_back").click().run()
    assert not app.exception
    assert "run-001 is in service" in app.success[0].value
    assert run_in_service(tmp_path) == "run-001"
    assert read_changes(tmp_path)[0][-1].reason == "roll back"
    assert len(app.button) == 0, "there is nothing before the first one"


def test_predict_proposes_only_what_can_be_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_version_one(tmp_path)
    said = words(open_page(tmp_path, "predict", monkeypatch))
    assert "server.promote" not in said, "version 1's run cannot be promoted"
    assert "Copy its global_model.pth to models/" in said
    write_run_with_weights(tmp_path, "run-002", seed=1)
    assert "python -m server.promote run-002" in words(open_page(tmp_path, "predict", monkeypatch))


def test_a_clean_hospital_has_nothing_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_run(tmp_path)
    stats = json.loads((folder / "dataset_stats.json").read_text())
    for body in stats.values():
        body["audit"] = []
    write_json(folder / "dataset_stats.json", stats)
    assert "audits found nothing" in words(open_page(tmp_path, "data", monkeypatch))


def test_analytics_shows_how_sure_how_even_and_how_honest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_run(tmp_path)
    body = json.loads((folder / "model_meta.json").read_text())
    drawn = {"groups": 17, "test_accuracy": [0.5, 0.95], "macro_f1": [0.45, 0.9]}
    body["metrics"]["intervals"]["bootstrap"] = drawn
    body["warnings"] = [{"code": "EVAL003", "sentence": "Two labels at <b>A</b>."}]
    write_json(folder / "model_meta.json", body)
    page = open_page(tmp_path, "analytics", monkeypatch)
    assert any("a bootstrap over 17 groups of related slices" in element.proto.help for element in page.header)
    said = words(page)
    for section in ("Hospital by hospital", "Confidence"):
        said += words(open_page(tmp_path, "analytics", monkeypatch, section=section))
    assert "50.0–95.0 %" in said
    assert "45.0–90.0 %" in said
    assert "Worst hospital: Phantom Kolkata, 86.0 (80.0–91.0) %" in said
    assert "1.0 instead of 2.5 points on test slices." in said
    assert "EVAL003: Two labels at <b>A</b>." in said


def test_analytics_of_an_older_run_says_what_was_not_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_run(tmp_path)
    body = json.loads((folder / "model_meta.json").read_text())
    for name in ("temperature", "warnings"):
        del body[name]
    del body["metrics"]["fairness"], body["metrics"]["intervals"]
    write_json(folder / "model_meta.json", body)
    page = open_page(tmp_path, "analytics", monkeypatch)
    assert any("Wilson's, as if no two slices were related" in element.proto.help for element in page.header)
    said = words(page)
    for section in ("Hospital by hospital", "Confidence"):
        said += words(open_page(tmp_path, "analytics", monkeypatch, section=section))
    assert "Whether a temperature is applied is not recorded." in said
    assert "How much the hospitals differ was not recorded" in said
    assert "Whether one picture is under two labels is not recorded." in said


def test_the_model_card_lies_beside_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_run(tmp_path)
    app = open_page(tmp_path, "analytics", monkeypatch)
    assert [button.proto.label for button in app.get("download_button")] == ["Report as PDF", "Dossier"]
    assert "This run wrote no model card." in words(app)
    (folder / "model_card.md").write_text("# Model card of run-001\n", encoding="utf-8")
    app = open_page(tmp_path, "analytics", monkeypatch)
    assert [button.proto.label for button in app.get("download_button")] == ["Report as PDF", "Dossier", "Model card"]
    assert "no model card" not in words(app)


def test_nothing_is_said_to_answer_whose_weights_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_version_one(tmp_path)
    said = words(open_page(tmp_path, "models", monkeypatch))
    assert "models/global_model.pth is not there, so Predict answers nothing." in said
    assert "answers on Predict" not in said
