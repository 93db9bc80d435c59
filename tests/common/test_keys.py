import stat
import subprocess

import pytest

from common.errors import InputError
from common.keys import (
    certificate_fingerprint,
    fingerprint,
    is_signed,
    load_private,
    load_public,
    new_key_pair,
    new_private_key,
    public_from_line,
    public_line,
    sign,
)


@pytest.fixture
def pair(tmp_path):
    paths = tmp_path / "aiims.key", tmp_path / "aiims.pub"
    new_key_pair(*paths, "aiims")
    return paths


def test_the_private_half_is_for_its_owner_only(pair):
    assert stat.S_IMODE(pair[0].stat().st_mode) == 0o600
    assert pair[1].read_text().startswith("ecdsa-sha2-nistp384 ")
    assert pair[1].read_text().endswith(" aiims\n")


def test_both_halves_have_one_fingerprint_as_ssh_keygen_prints_it(pair):
    shown = fingerprint(load_public(pair[1]))
    assert shown == fingerprint(load_private(pair[0]).public_key())
    try:
        printed = subprocess.run(["ssh-keygen", "-lf", str(pair[1])], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("no ssh-keygen here")
    assert shown in printed


def test_an_existing_key_is_never_overwritten(pair):
    before = pair[0].read_bytes()
    with pytest.raises(InputError, match="KEY001"):
        new_key_pair(*pair, "aiims")
    assert pair[0].read_bytes() == before


@pytest.mark.parametrize("text", ["hello", "two words", "ssh-rsa AAAA someone", ""])
def test_what_is_no_key_is_refused(tmp_path, text):
    (tmp_path / "x").write_text(text)
    with pytest.raises(InputError, match="KEY002"):
        load_private(tmp_path / "x")
    with pytest.raises(InputError, match="KEY003"):
        load_public(tmp_path / "x")
    with pytest.raises(InputError, match="KEY002"):
        load_private(tmp_path / "missing")


def test_a_certificates_fingerprint_is_that_of_its_content(tmp_path):
    (tmp_path / "none.crt").write_text("no certificate")
    for path in (tmp_path / "none.crt", tmp_path / "missing.crt"):
        with pytest.raises(InputError, match="CERT001"):
            certificate_fingerprint(path)


def test_what_one_key_signed_is_signed_by_no_other(pair, tmp_path):
    key = load_private(pair[0])
    signature = sign(key, b"statement")
    public = public_from_line(public_line(key.public_key()).decode())
    assert is_signed(public, b"statement", signature)
    assert not is_signed(public, b"another", signature)
    assert not is_signed(new_private_key(tmp_path / "other.key").public_key(), b"statement", signature)
    for line in ("", "ssh-rsa AAAA", "ecdsa-sha2-nistp384 AAAA", "ssh-ed25519 " + "A" * 68):
        with pytest.raises(ValueError):
            public_from_line(line)
