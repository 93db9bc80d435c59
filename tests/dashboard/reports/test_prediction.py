from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from common.artifacts.words import POOLED
from dashboard.model import inference
from dashboard.model.familiarity import Familiarity
from dashboard.reports import prediction
from tests.support.desks import a_case
from tests.support.pdf_text import pdf_text

AT = datetime(2026, 11, 23, 6, 15, tzinfo=UTC)
HONEST = "Stated confidence differs from the share correct by 3.1 points on test slices."
CARD = inference.ModelCard(
    "run-003", 19, "ab" * 32, True, False, 224, "2026-11-23T05:00:00+00:00", 0.031, calibration=HONEST
)


@pytest.fixture
def answer() -> prediction.Answer:
    return prediction.Answer(a_case(), 0.7, 0.55, CARD)


def text_of(answer: prediction.Answer) -> str:
    return pdf_text(prediction.prediction_pdf(answer, AT, compress=False))


def test_it_says_what_was_answered_by_which_model_and_what_it_is_not(answer: prediction.Answer) -> None:
    text = text_of(answer)
    for words in (
        "Research use only. Not a medical device",
        "Glioma, 86.1 %.",
        "81.5 points",
        "3.1 points on test slices.",
        "run-003",
        "ab" * 16,
        "01" * 16,
        "It does not outline anything",
        "A note on (reading).",
        "2026-11-23 06:15 UTC",
        "no class is named below 70 %",
    ):
        assert words in text, words
    assert "SYNTHETIC" not in text


def test_below_the_threshold_no_class_is_named(answer: prediction.Answer) -> None:
    doubtful = replace(answer, threshold=0.9)
    assert "Not sure enough to name a class: Glioma is likeliest with 86.1 %, below 90 %." in text_of(doubtful)


def test_of_an_image_unlike_anything_trained_on_there_is_no_answer_and_no_heat(answer: prediction.Answer) -> None:
    strange = replace(answer.case.prediction, familiarity=Familiarity(9.0, 4.0))
    text = text_of(replace(answer, case=replace(answer.case, prediction=strange)))
    assert "Unlike anything trained on, so there is no answer." in text
    assert "Its distance is 9.0" in text
    assert "86.1" not in text
    assert "Heat for" not in text


def test_evidence_outside_of_the_head_is_said(answer: prediction.Answer) -> None:
    assert "outside of the head" not in answer.heat_words
    corner = np.zeros((7, 7), np.float32)
    corner[0, 0] = 1.0
    away = replace(answer.case.prediction, heat=corner)
    assert "outside of the head" in replace(answer, case=replace(answer.case, prediction=away)).heat_words
    blank = replace(answer, case=a_case(picture=Image.new("RGB", (96, 96))))
    assert "No head could be told" in blank.heat_words


def test_a_synthetic_model_and_missing_records_are_said(answer: prediction.Answer) -> None:
    card = inference.ModelCard(None, None, "cd" * 32, False, True, 224, None, None)
    text = text_of(replace(answer, card=card))
    assert "SYNTHETIC: this model was trained on drawn slices" in text
    assert "not recorded" in text
    assert "no record to compare with" in text


def test_what_the_run_wants_known_is_said(answer: prediction.Answer) -> None:
    assert "POOLED" not in text_of(answer)
    assert "POOLED, not a federation" in text_of(replace(answer, card=replace(answer.card, notice=POOLED)))


def test_the_temperature_is_said(answer: prediction.Answer) -> None:
    text = text_of(answer)
    assert HONEST in text
    assert "Temperature none recorded" in text
    text = text_of(replace(answer, card=replace(answer.card, temperature=1.5, calibration=None)))
    assert "Whether the stated confidence is honest was not recorded for this model." in text
    assert "Temperature 1.500" in text


def test_the_same_answer_is_the_same_document_on_one_page(answer: prediction.Answer) -> None:
    first = prediction.prediction_pdf(answer, AT)
    assert first == prediction.prediction_pdf(answer, AT)
    assert first.count(b"/Type /Page\n") == 1
    assert len(first) < 1_000_000


def test_a_wide_and_a_huge_picture(answer: prediction.Answer) -> None:
    for size in ((3000, 400), (40, 700)):
        assert prediction.prediction_pdf(
            replace(answer, case=a_case(picture=answer.case.image().resize(size))), AT
        ).startswith(b"%PDF-")
