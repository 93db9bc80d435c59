import pytest

from common.artifacts.card import BULLET, CAVEATS, ETHICS, INTENDED_USE, fixed_section


@pytest.mark.parametrize("heading", [INTENDED_USE, ETHICS, CAVEATS])
def test_what_is_the_same_for_every_model_is_plain_text(heading):
    pieces = fixed_section(heading)
    assert pieces
    assert not [piece for piece in pieces if "`" in piece or "$" in piece or "\n" in piece or "##" in piece]


def test_a_list_is_a_piece_for_each_point():
    assert len(fixed_section(INTENDED_USE)) == 1
    caveats = fixed_section(CAVEATS)
    assert len(caveats) > 2
    assert all(piece.startswith(BULLET) for piece in caveats)


@pytest.mark.parametrize("heading", ["Warnings", "Training data", "Nothing", ""])
def test_what_a_run_says_itself_is_refused(heading):
    with pytest.raises(ValueError, match="no section that is the same"):
        fixed_section(heading)
