import numpy as np
import pytest

from common.data import cache
from common.data.cache import cached_near_duplicates


@pytest.fixture
def thumbs() -> np.ndarray:
    pictures = np.random.default_rng(0).integers(0, 256, (6, 32, 32), dtype=np.uint8)
    pictures[4] = pictures[1, :, ::-1]
    return pictures


@pytest.fixture
def searches(monkeypatch) -> list[int]:
    calls: list[int] = []
    search = cache.find_near_duplicates

    def counting(thumbs, levels):
        calls.append(len(thumbs))
        return search(thumbs, levels)

    monkeypatch.setattr(cache, "find_near_duplicates", counting)
    return calls


def test_the_second_time_nothing_is_searched(tmp_path, thumbs, searches):
    for _ in range(2):
        pairs = cached_near_duplicates(thumbs, tmp_path / "new", "hospital")
        assert (pairs.first.tolist(), pairs.second.tolist(), pairs.orientation.tolist()) == ([1], [4], [4])
    assert searches == [6]


def test_other_pictures_are_searched_and_replace_the_old(tmp_path, thumbs, searches):
    cached_near_duplicates(thumbs, tmp_path, "hospital")
    cached_near_duplicates(thumbs[:5], tmp_path, "hospital")
    cached_near_duplicates(thumbs[:2], tmp_path, "another hospital")
    assert searches == [6, 5, 2]
    assert len(list(tmp_path.glob("*.npz"))) == 2


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 half of it"])
def test_a_damaged_cache_is_searched_anew(tmp_path, thumbs, searches, damage):
    cached_near_duplicates(thumbs, tmp_path, "hospital")
    (file,) = tmp_path.glob("*.npz")
    file.write_bytes(damage)
    assert len(cached_near_duplicates(thumbs, tmp_path, "hospital")) == 1
    assert len(cached_near_duplicates(thumbs, tmp_path, "hospital")) == 1
    assert searches == [6, 6]


def test_no_pairs_are_an_answer_too(tmp_path, thumbs, searches):
    for _ in range(2):
        assert len(cached_near_duplicates(thumbs[:3], tmp_path, "hospital")) == 0
    assert searches == [3]


def test_where_nothing_can_be_written_it_still_answers(tmp_path, thumbs):
    (tmp_path / "file").write_text("not a folder")
    assert len(cached_near_duplicates(thumbs, tmp_path / "file", "hospital")) == 1


def test_no_pairs_are_searched_once_where_nothing_can_be_written(tmp_path, thumbs, searches):
    (tmp_path / "file").write_text("not a folder")
    assert len(cached_near_duplicates(thumbs[:3], tmp_path / "file", "hospital")) == 0
    assert searches == [3]
