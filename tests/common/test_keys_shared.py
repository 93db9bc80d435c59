import stat

import pytest

from common.errors import InputError
from common.keys import load_shared_key, new_shared_key


def test_a_new_key_is_32_random_bytes_for_its_owner_only(tmp_path):
    for name in ("a.key", "b.key"):
        new_shared_key(tmp_path / name)
    first, second = load_shared_key(tmp_path / "a.key"), load_shared_key(tmp_path / "b.key")
    assert len(first) == len(second) == 32
    assert first != second
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"ab" * 31, b"ab" * 33, b"zz" * 32, b"\xff\xfe" * 32, b"secret"])
def test_what_is_no_key_is_refused_without_showing_it(tmp_path, content):
    path = tmp_path / "shared.key"
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(InputError, match="KEY006") as caught:
        load_shared_key(path)
    assert "clients.shared_key" in caught.value.sentence
    assert "abab" not in caught.value.sentence


def test_a_missing_key_is_named(tmp_path):
    with pytest.raises(InputError, match=r"KEY006.*no\.key"):
        load_shared_key(tmp_path / "no.key")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_can_read_is_refused(tmp_path, mode):
    new_shared_key(tmp_path / "a.key")
    (tmp_path / "a.key").chmod(mode)
    with pytest.raises(InputError, match="KEY007"):
        load_shared_key(tmp_path / "a.key")
