"""The pages on runs that are no federation with one model: pooled, and each hospital with its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.artifacts.load import load_run
from common.artifacts.words import POOLED
from dashboard.data import rounds
from tests.dashboard.test_model_pages import open_page, open_promotion, words
from tests.support.run_files import write_json, write_run
from tests.support.weights import write_served_run

ALONE = "There is no global model: each hospital trained alone"


@pytest.mark.parametrize("keeps", ["everything", "normalisation"])
def test_models_and_predict_say_why_there_is_nothing_to_serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keeps: str
) -> None:
    write_run(tmp_path, "run-001", strategy="local", keeps=keeps)
    for page in ("models", "predict"):
        said = words(open_page(tmp_path, page, monkeypatch))
        assert "run-001: There is no global model" in said, page
    assert len(open_promotion(tmp_path, monkeypatch).get("selectbox")) == 0, "none to choose"


def test_another_runs_model_goes_on_answering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_served_run(tmp_path, "run-001")
    write_run(tmp_path, "run-002", strategy="local", keeps="everything")
    assert ALONE not in words(open_page(tmp_path, "predict", monkeypatch))
    app = open_promotion(tmp_path, monkeypatch)
    assert app.selectbox(key="promote_run").options == ["run-001"]
    assert f"run-002: {ALONE}" in words(app)


def test_a_pooled_model_is_called_so_wherever_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_served_run(tmp_path, strategy="pooled", pooled=True)
    for page in ("models", "predict", "analytics", "training"):
        assert POOLED in words(open_page(tmp_path, page, monkeypatch)), page


def test_nobody_is_said_to_have_replied_to_a_pooled_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_run(tmp_path, strategy="pooled", pooled=True)
    rows = [
        {"epoch": number, "train_loss": 1.0, "val_loss": 1.0, "val_accuracy": 0.5, "asked": [], "replied": []}
        for number in (1, 2)
    ]
    write_json(folder / "training_history.json", rows)
    assert "No hospital was asked to train" in words(open_page(tmp_path, "training", monkeypatch))
    assert set(rounds.table(load_run(folder))["Replied"]) == {"–"}
