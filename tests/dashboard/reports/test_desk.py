from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pandas as pd
import pytest

from dashboard.model.desk import Desk
from dashboard.model.inference import ModelCard
from dashboard.reports.desk import desk_csv, desk_pdf
from tests.support.desks import a_case
from tests.support.pdf_text import pdf_text

AT = datetime(2026, 11, 23, 6, 15, tzinfo=UTC)
CARD = ModelCard("run-003", 19, "ab" * 32, True, False, 224, "2026-11-23T05:00:00+00:00", 0.031)


@pytest.fixture
def desk() -> Desk:
    cases = [a_case(1, 0.9, instance=41), a_case(2, 0.6), a_case(3, 0.8, "notumor"), a_case(4, 0.99, strange=True)]
    return Desk(CARD, cases, labels={1: "glioma", 3: "glioma", 4: "pituitary"})


def test_the_table_holds_a_line_for_each_slice_with_what_tells_model_and_file(desk: Desk) -> None:
    table = pd.read_csv(BytesIO(desk_csv(desk, 0.7)))
    assert table["slice"].tolist() == [1, 2, 3, 4]
    assert table["model_says"].tolist() == ["glioma", "unsure", "notumor", "unfamiliar"]
    assert table["your_label"].fillna("").tolist() == ["glioma", "", "glioma", "pituitary"]
    assert table["file"].tolist() == [f"sha256:{f'0{number}' * 6}" for number in range(1, 5)]
    assert table["instance_number"].tolist()[0] == 41
    assert table["probability_glioma"].tolist()[:2] == [0.9, 0.6]
    assert table.loc[3, ["probability_glioma", "probability_notumor"]].isna().all(), "unlike anything: no answer"
    assert (table["distance"][3], table["distance_limit"][3]) == (9.0, 4.0)
    assert set(table["model_run"]) == {"run-003"}
    assert set(table["model_sha256"]) == {"ab" * 32}
    assert set(table["threshold"]) == {0.7}


def test_a_run_with_a_hostile_name_is_no_formula(desk: Desk) -> None:
    desk.card = replace(CARD, run_id="=HYPERLINK(1)")
    assert set(pd.read_csv(BytesIO(desk_csv(desk, 0.7)))["model_run"]) == {"'=HYPERLINK(1)"}


def test_the_document_says_it_all(desk: Desk) -> None:
    desk.said = ["File 5 of 5: damaged."]
    text = pdf_text(desk_pdf(desk, "Least sure first", 0.7, AT, compress=False))
    for words in (
        "Research use only",
        "4 slices: 2 named, 1 not sure enough, 1 unlike anything trained on. The least sure is slice 2.",
        "No class is named below 70 %. 2026-11-23 06:15 UTC",
        "File 5 of 5: damaged.",
        "You labelled 3 slices. Where the model named a class, you agree on 1 of 2",
        "too narrow",
        "The slices: least sure first",
        "1 (instance 41)",
        "Not sure enough to name a class",
        "010101010101",
        "run-003",
    ):
        assert words in text, words
    assert "99.0 %" not in text, "the answer about the strange one is none"
    desk.card = replace(CARD, synthetic=True)
    assert "SYNTHETIC: this model" in pdf_text(desk_pdf(desk, "By class", 0.7, AT, compress=False))


def test_of_200_slices_it_is_small_and_quick_and_the_same_every_time() -> None:
    desk = Desk(CARD, [a_case(number) for number in range(1, 201)])
    made = desk_pdf(desk, "As uploaded", 0.7, AT)
    assert made == desk_pdf(desk, "As uploaded", 0.7, AT)
    assert len(made) < 3_000_000
    assert 8 < made.count(b"/Type /Page\n") < 20
