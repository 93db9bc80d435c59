import pytest

from common.artifacts.card_tables import cell, table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<script>", "\\<script\\>"),
        ("a|b", "a\\|b"),
        ("a\\|b", "a\\\\\\|b"),
        ("**x** `y` ~z~ $w$", "\\*\\*x\\*\\* \\`y\\` \\~z\\~ \\$w\\$"),
        ("[a](b)", "\\[a\\](b)"),
        ("two\nlines", "two lines"),
        ("_x_ but data.group_split", "\\_x\\_ but data.group_split"),
        ("A & B &lt; &#60;", "A & B \\&lt; \\&#60;"),
        ("see http://x: there", "see http\\://x: there"),
        ("टाटा मेमोरियल", "टाटा मेमोरियल"),
        ("bell\x07", "bell\\\\x07"),
    ],
)
def test_every_sign_is_shown_as_it_is(text, shown):
    assert cell(text) == shown or cell(text) == shown.replace("\\\\x07", "\\x07")


def test_a_table():
    assert table(("Name", "n"), [["a|b", "1*"]]).splitlines() == ["| Name | n |", "| :-- | --: |", "| a\\|b | 1\\* |"]
    assert table(("Name",), []).count("\n") == 1


def test_a_row_of_another_length_is_a_mistake():
    with pytest.raises(ValueError, match="2 cells under 1"):
        table(("Name",), [["a", "b"]])
