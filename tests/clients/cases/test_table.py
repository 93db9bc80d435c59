"""A hospital's tables on its disk."""

from __future__ import annotations

import os

import pytest

from clients.cases.table import FILE, choose, encode_table, goodness, read_table, tables_of
from common.errors import InputError
from tests.support.cases import case, table


def test_the_most_confidently_wrong_come_first():
    cases = [
        case("glioma", "glioma", 0.9),
        case("glioma", "pituitary", 0.5),
        case("glioma", "glioma", 0.4),
        case("notumor", "glioma", 0.99),
    ]
    assert [each.confidence for each in sorted(cases, key=goodness)] == pytest.approx([0.99, 0.5, 0.4, 0.9])


def test_a_table_comes_back_as_it_was_with_names_that_are_no_text(tmp_path):
    written = table(case("glioma", "notumor", 0.7, os.fsdecode(b"a/\xff\n.png")), case("glioma", "glioma", 0.7, "टाटा"))
    (tmp_path / FILE).write_bytes(encode_table(written))
    assert read_table(tmp_path / FILE) == written


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"at": 1}', b"\xff", b'{"cases": [{"file": NaN}]}'])
def test_a_damaged_table_is_a_sentence(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(InputError, match="CASES002"):
        read_table(tmp_path / FILE)


def test_the_newest_is_chosen_unless_a_run_is_named(tmp_path):
    for age, token in enumerate(("aa" * 16, "ab" * 16, "cd" * 16)):
        path = tmp_path / "runs" / token / "jaipur" / FILE
        path.parent.mkdir(parents=True)
        path.write_bytes(b"")
        os.utime(path, (1000 - age, 1000 - age))
    (tmp_path / "runs" / "no token" / "jaipur").mkdir(parents=True)
    (tmp_path / "runs" / "no token" / "jaipur" / FILE).touch()
    found = tables_of(tmp_path, "jaipur")
    assert list(found) == ["aa" * 16, "ab" * 16, "cd" * 16]
    assert choose(found, "", tmp_path) == found["aa" * 16]
    assert choose(found, "c", tmp_path) == found["cd" * 16]
    for start, says in (("a", "several"), ("ff", "no run")):
        with pytest.raises(InputError, match=f"CASES001.*{says}"):
            choose(found, start, tmp_path)
    with pytest.raises(InputError, match=r"CASES001.*keep_cases"):
        choose(tables_of(tmp_path, "kolkata"), "", tmp_path)
