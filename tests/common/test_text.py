from common.text import counted, listed, printable


def test_numbers_and_nouns_agree():
    assert [counted(n, "file") for n in (0, 1, 1204)] == ["0 files", "1 file", "1,204 files"]
    assert counted(2, "class", "classes") == "2 classes"


def test_lists_read_as_in_a_sentence():
    assert [listed(list(names)) for names in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]


def test_names_that_no_terminal_should_see_are_escaped():
    assert printable("Müller 1.jpg") == "Müller 1.jpg"
    assert printable("a\x1b[31m\n\udcff") == "a\\x1b[31m\\n\\udcff"
