import pytest

from common.data.identity import cells


@pytest.mark.parametrize("text", ["", " ", "N/A", "anonymous", "ANON", "0", "-", "unknown", "No  Name"])
def test_words_for_nobody_are_no_patient(text):
    assert cells.patient_key(text) == ""


def test_spelling_does_not_make_two_patients():
    assert (
        cells.patient_key(" AB  12 ") == cells.patient_key("ab 12") == cells.patient_key("\uff21\uff22 12") == "ab 12"
    )
    assert cells.patient_key("012") != cells.patient_key("12")


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (cells.sex, "female", "F"),
        (cells.sex, "m", "M"),
        (cells.sex, "U", ""),
        (cells.age, "45", 45.0),
        (cells.age, "0", 0.0),
        (cells.age, "45,5", 45.5),
        (cells.age, "045Y", 45.0),
        (cells.age, "006M", 0.5),
        (cells.age, "n/a", None),
        (cells.field_strength, "1,5 T", 1.5),
        (cells.field_strength, "3T", 3.0),
        (cells.field_strength, "", None),
        (cells.day, "2020-02-29", "2020-02-29"),
        (cells.day, "20200229", "2020-02-29"),
        (cells.day, "", ""),
    ],
)
def test_a_cell_is_read(read, text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (cells.sex, "yes"),
        (cells.age, "old"),
        (cells.age, "-1"),
        (cells.age, "131"),
        (cells.age, "nan1"),
        (cells.age, "inf"),
        (cells.age, "1e3"),
        (cells.field_strength, "T"),
        (cells.field_strength, "0"),
        (cells.field_strength, "31"),
        (cells.day, "29.02.2020"),
        (cells.day, "2021-02-29"),
    ],
)
def test_a_cell_that_cannot_be_is_refused(read, text):
    with pytest.raises(ValueError, match="takes"):
        read(text)
