import pytest

from common.errors import InputError
from common.overlap.matches import MatchList


@pytest.mark.parametrize("matches", [(), ((0, "Hospital Ö", 7), (0, "Hospital C", 1), (5, "Hospital C", 1))])
def test_what_is_written_reads_the_same(matches):
    made = MatchList("a", "f" * 64, matches)
    assert MatchList.from_json(made.to_json(), "a.matches.json") == made


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "fingerprints of slices"}'])
def test_other_files_are_refused(text):
    with pytest.raises(InputError, match=r"DUP005: a\.json"):
        MatchList.from_json(text, "a.json")
