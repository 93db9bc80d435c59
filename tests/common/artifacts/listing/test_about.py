from __future__ import annotations

import json
from pathlib import Path

import pytest

from common.artifacts.listing import about
from common.artifacts.listing.about import About, about_of, read_about, write_about
from common.artifacts.load import run_stamp
from common.errors import RunError
from tests.support.run_files import write_run


def test_what_is_said_of_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    said = About("FedProx, the good one", ("paper", "64 px"), "Line one\n\nLine two", star=True, archived=True)
    write_about(tmp_path, said)
    assert read_about(tmp_path) == said


def test_nothing_is_said_of_a_run_without_the_file(tmp_path: Path) -> None:
    assert read_about(tmp_path) == About()
    assert read_about(tmp_path / "gone") == About()


@pytest.mark.parametrize(
    "broken", ["", "{", "[]", "null", '{"name": 7, "tags": "x", "notes": [], "star": "yes", "archived": 1}']
)
def test_a_damaged_file_says_nothing(tmp_path: Path, broken: str) -> None:
    (tmp_path / "about.json").write_text(broken)
    assert read_about(tmp_path) == About()


def test_hostile_text_is_bounded_and_stays_on_its_line(tmp_path: Path) -> None:
    body = {
        "name": "a\nb\u202e" + "x" * 9999,
        "tags": ["p,q", "p q", "", *map(str, range(99))],
        "notes": "\x1b[31m" * 9999,
    }
    (tmp_path / "about.json").write_text(json.dumps(body))
    found = read_about(tmp_path)
    assert found.name.startswith("a b\\u202ex")
    assert len(found.name) == about.NAME_LENGTH
    assert found.tags[:2] == ("p q", "0")
    assert len(found.tags) == about.MOST_TAGS
    assert len(found.notes) <= about.NOTES_LENGTH
    assert "\x1b" not in found.notes


def test_tags_have_no_commas_since_the_address_parts_them_with_one() -> None:
    assert about_of(tags=["a,b"]).tags == ("a b",)


def test_a_deleted_run_is_not_made_again_by_a_note(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"run-007/about\.json cannot be written"):
        write_about(tmp_path / "run-007", About("late"))
    assert not (tmp_path / "run-007").exists()


def test_a_note_does_not_have_the_run_read_again(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    before = run_stamp(folder)
    write_about(folder, About("x"))
    assert run_stamp(folder) == before
