"""What an accuracy is of: the split that it comes from, and nothing that is not recorded."""

from typing import Any

import pytest

from common.artifacts.tested.headline import accuracy_is_of, headline_sentences
from tests.support.finished import finished

KNOWN = {"train": 40, "val": 10, "test": 10, "source": "manifest"}


def meta(grouped: Any = True, patients: Any = None, **data: Any) -> dict[str, Any]:
    return {"split": {"grouped": grouped, "patients": patients}, "settings": {"data": data}}


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (meta(), "test slices of the same hospitals, split by groups of related slices"),
        (meta(patients=KNOWN | {"source": "guessed"}), "same hospitals, split by groups of related slices"),
        (meta(patients=KNOWN), "test slices of the same hospitals, split by patient"),
        (meta(grouped=False, patients=KNOWN), "test slices of the same hospitals, split one by one"),
        (meta(folds=5, fold=2), "split by groups of related slices, fold 2 of 5"),
        (meta(folds=0, fold=1), "split by groups of related slices"),
    ],
)
def test_an_accuracy_says_which_split_it_is_of(of, said):
    assert accuracy_is_of(of).endswith(said)


@pytest.mark.parametrize("of", [{}, {"split": 3}, {"split": {}}, {"split": {"grouped": "yes"}, "settings": []}])
def test_what_is_not_recorded_is_not_said(of):
    assert accuracy_is_of(of) is None
    assert headline_sentences(of) == []


def test_a_finished_run_says_so_first():
    assert headline_sentences(finished())[0] == (
        "Accuracy is of test slices of the same hospitals, split by groups of related slices."
    )
