import stat

import pytest

from common.data.identity.pseudonyms import FILE, Pseudonyms
from common.errors import InputError


def test_a_pseudonym_stays_and_is_another_at_another_hospital(tmp_path):
    first = Pseudonyms(tmp_path / "a").of("Patient 7")
    assert first == Pseudonyms(tmp_path / "a").of(" patient  7")
    assert first != Pseudonyms(tmp_path / "b").of("Patient 7")
    assert Pseudonyms(tmp_path / "a").mark != Pseudonyms(tmp_path / "b").mark


def test_the_salt_is_its_owners_alone(tmp_path):
    Pseudonyms(tmp_path).of("1")
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    (tmp_path / FILE).chmod(0o644)
    with pytest.raises(InputError, match="chmod 600") as error:
        Pseudonyms(tmp_path).of("1")
    assert error.value.code == "DATA039"


def test_nobody_needs_no_salt(tmp_path):
    assert Pseudonyms(tmp_path).of("anonymous") == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"00", b"\xff", b"zz" * 32])
def test_a_damaged_salt_is_refused_and_left_alone(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    (tmp_path / FILE).chmod(0o600)
    with pytest.raises(InputError, match="cannot be used") as error:
        Pseudonyms(tmp_path).of("1")
    assert error.value.code == "DATA039"
    assert (tmp_path / FILE).read_bytes() == content
