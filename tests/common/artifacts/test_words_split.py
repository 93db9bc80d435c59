import pytest

from common.artifacts import words
from common.artifacts.words import split_sentences

META = {
    "seed": 42,
    "settings": {"data": {"val_fraction": 0.2, "test_fraction": 0.15}},
    "split": {"grouped": True, "groups_across_splits": 0, "test_slices_trained_elsewhere": None},
}


def test_shares_groups_and_copies():
    shares, groups, copies = split_sentences(META)
    assert "20 % validate" in shares
    assert "15 % test, by class, seed 42." in shares
    assert groups.endswith("were kept on one side; 0 groups stand on more than one side.")
    assert copies.endswith("was not looked for.")
    split = {"grouped": False, "groups_across_splits": 1200, "test_slices_trained_elsewhere": 7}
    _, groups, copies = split_sentences(META | {"split": split})
    assert groups.startswith("Slices were split one by one")
    assert "1,200 groups" in groups
    assert copies.endswith("by keyed fingerprints: 7.")


def test_folds_are_named_and_what_they_leave_out():
    meta = META | {"settings": {"data": {"val_fraction": 0.2, "test_fraction": 0.15, "folds": 5, "fold": 2}}}
    meta |= {"split": META["split"] | {"gap": 1166}}
    shares = split_sentences(meta)[0]
    assert "dealt into 5 folds, by class, seed 42; fold 2 is the test. Of the others 20 % validate" in shares
    assert "1,166 slices near those of the test are in no part" in shares
    assert "15 %" not in shares


def test_a_share_is_of_the_slices_used_and_not_of_those_held():
    data = {"val_fraction": 0.15, "test_fraction": 0.15, "max_per_class": 40}
    meta = {"seed": 1, "settings": {"data": data}, "total_samples": 3129, "train_samples": 196}
    assert "that each hospital used (at most 40 of a class) 15 % validate" in split_sentences(meta)[0]
    meta |= {"val_samples": 42, "test_samples": 42}
    assert "used (at most 40 of a class; 280 of 3,129 held) 15 % validate" in split_sentences(meta)[0]


@pytest.mark.parametrize(
    "meta", [{}, {"split": 3, "settings": "x"}, {"split": {"grouped": "yes", "groups_across_splits": -1}, "seed": 1}]
)
def test_what_was_not_recorded_is_left_out(meta):
    assert split_sentences(meta) == []


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("manifest", "1,200 / 14 / 0, from the hospital's manifest."),
        ("guessed", "1,200 / 14 / 0, guessed from look-alike and neighbouring slices where no hospital says more; one"),
    ],
)
def test_patients_are_counted_and_a_guess_is_called_one(source, says):
    found = words.recorded_patients({"train": 1200, "val": 14, "test": 0, "source": source})
    assert says in (words.patients_sentence(found) or "")
    assert words.patients_text(found) == "1,200 / 14 / 0" + " guessed" * (source == "guessed")


@pytest.mark.parametrize("found", [None, 3, {}, {"train": 1, "val": 1, "test": -1, "source": "dicom"}, {"train": 1}])
def test_patients_that_are_not_recorded_are_not_invented(found):
    assert words.recorded_patients(found) is None
    assert words.patients_sentence(None) is None
    assert words.patients_text(None) == words.NOTHING
