import pytest

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


@pytest.mark.parametrize(
    "meta", [{}, {"split": 3, "settings": "x"}, {"split": {"grouped": "yes", "groups_across_splits": -1}, "seed": 1}]
)
def test_what_was_not_recorded_is_left_out(meta):
    assert split_sentences(meta) == []
