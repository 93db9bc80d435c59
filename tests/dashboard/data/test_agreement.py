from __future__ import annotations

import pytest
from sklearn.metrics import cohen_kappa_score

from common.metrics.intervals import wilson
from dashboard.data.agreement import agreement, sentences

PAIRS = [
    *[("glioma", "glioma")] * 4,
    ("glioma", "meningioma"),
    *[("notumor", "notumor")] * 3,
    ("pituitary", "notumor"),
    ("meningioma", None),
]


def test_agreement_is_counted_where_the_model_named_a_class() -> None:
    found = agreement(PAIRS)
    assert (found.labelled, found.named, found.agreed) == (10, 9, 7)
    assert found.interval == wilson(7, 9)
    assert found.unnamed == (0, 1, 0, 0)
    assert found.confusion[0].tolist() == [4, 1, 0, 0]
    both = [pair for pair in PAIRS if pair[1] is not None]
    assert found.kappa == pytest.approx(cohen_kappa_score(*zip(*both, strict=True)))


def test_it_is_said_in_words() -> None:
    said = sentences(agreement(PAIRS))
    assert said.startswith(
        "You labelled 10 slices. Where the model named a class, you agree on 7 of 9: 77.8 (45.3–93.7) %"
    )
    assert "Cohen's kappa: 0.63" in said
    assert said.endswith("It named no class for 1.")
    assert sentences(agreement([("glioma", None)])) == "You labelled 1 slice; the model named a class for none of them."


def test_kappa_of_one_class_alone_is_not_defined() -> None:
    assert "Cohen's kappa: not defined." in sentences(agreement([("glioma", "glioma")] * 5))
