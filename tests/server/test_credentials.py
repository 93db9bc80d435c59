import stat
from base64 import b64encode

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from common import files
from common.keys import load_certificate, load_private, load_public, new_key_pair
from server import credentials
from server.centre.certificates import addresses_of, belongs_to
from server.centre.layout import Centre


def make(tmp_path, *arguments):
    return credentials.main(["--out", str(tmp_path / "credentials"), *arguments])


@pytest.fixture
def centre(tmp_path):
    return Centre(tmp_path / "credentials")


@pytest.fixture
def kit(centre):
    """What AIIMS Delhi gets."""
    return centre.onboarding_kits / "aiims_delhi"


def test_folders_keys_and_certificate(tmp_path, centre, kit, capsys):
    assert make(tmp_path, "--address", "centre.example.org", "--address", "10.0.0.5", "--hospital", "aiims_delhi") == 0
    for secret in (centre.ca_key, centre.key, centre.ledger_key, kit / "aiims_delhi.key"):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600, secret
    for folder in (centre.folder, centre.hospitals, kit):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
    certificate = load_certificate(centre.certificate)
    assert set(addresses_of(certificate)) == {"centre.example.org", "10.0.0.5", "localhost", "127.0.0.1", "::1"}
    key = load_certificate(centre.ca_certificate).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    certificate.verify_directly_issued_by(load_certificate(centre.ca_certificate))
    said = capsys.readouterr().out
    digest = load_certificate(centre.ca_certificate).fingerprint(hashes.SHA256())
    assert f"SHA256:{b64encode(digest).decode().rstrip('=')}" in said, "the CA's fingerprint, as openssl would have it"
    assert f"{certificate.not_valid_after_utc:%Y-%m-%d}" in said
    assert "SHA256:" in said
    assert "superlink: centre.example.org:8443" in (kit / "hospital.yaml").read_text()


def test_run_again_it_adds_and_keeps(tmp_path, centre):
    make(tmp_path, "--hospital", "aiims_delhi")
    before = centre.ca_certificate.read_bytes(), centre.certificate.read_bytes()
    assert make(tmp_path, "--hospital", "nimhans_bengaluru") == 0
    assert (centre.ca_certificate.read_bytes(), centre.certificate.read_bytes()) == before
    assert sorted(centre.public_keys()) == ["aiims_delhi", "nimhans_bengaluru"]


def test_a_new_address_or_renew_makes_a_new_certificate_from_the_same_ca(tmp_path, centre):
    make(tmp_path)
    ca, first = centre.ca_certificate.read_bytes(), centre.certificate.read_bytes()
    make(tmp_path, "--address", "new.example.org")
    second = centre.certificate.read_bytes()
    assert "new.example.org" in addresses_of(load_certificate(centre.certificate))
    make(tmp_path, "--renew")
    assert len({first, second, centre.certificate.read_bytes()}) == 3
    assert "new.example.org" in addresses_of(load_certificate(centre.certificate))
    assert centre.ca_certificate.read_bytes() == ca


def test_a_hospitals_own_key_brings_no_secret_to_the_centre(tmp_path, centre, kit):
    new_key_pair(tmp_path / "aiims_delhi.key", tmp_path / "aiims_delhi.pub", "x")
    assert make(tmp_path, "--public-key", str(tmp_path / "aiims_delhi.pub")) == 0
    assert list(centre.public_keys()) == ["aiims_delhi"]
    assert sorted(path.name for path in kit.iterdir()) == [
        "ca.crt",
        "hospital.yaml",
        "ledger.pub",
    ]


def test_a_private_key_that_the_centre_made_does_not_outlive_the_hospitals_own(tmp_path, kit):
    make(tmp_path, "--hospital", "aiims_delhi")
    new_key_pair(tmp_path / "aiims_delhi.key", tmp_path / "aiims_delhi.pub", "x")
    assert make(tmp_path, "--public-key", str(tmp_path / "aiims_delhi.pub")) == 0
    assert sorted(path.name for path in kit.iterdir()) == [
        "ca.crt",
        "hospital.yaml",
        "ledger.pub",
    ]


def test_one_key_is_one_hospital(tmp_path, capsys):
    new_key_pair(tmp_path / "one.key", tmp_path / "one.pub", "x")
    make(tmp_path, "--public-key", str(tmp_path / "one.pub"))
    (tmp_path / "two.pub").write_bytes((tmp_path / "one.pub").read_bytes())
    assert make(tmp_path, "--public-key", str(tmp_path / "two.pub")) == 2
    assert "KEY004" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["../evil", "AIIMS Delhi", "", "a/b"])
def test_a_name_is_no_path(tmp_path, name, capsys):
    assert make(tmp_path, "--hospital", name) == 2
    assert "KEY005" in capsys.readouterr().err


def test_a_certificate_that_would_have_expired_is_not_made(tmp_path, capsys):
    assert make(tmp_path, "--days", "0") == 2
    assert "CERT003" in capsys.readouterr().err
    assert not (tmp_path / "credentials").exists()


@pytest.mark.parametrize("after", range(1, 12))
def test_cut_off_after_any_file_it_can_be_repeated(tmp_path, centre, kit, monkeypatch, capsys, after):
    written, real = [], files._put

    def cut(path, *rest):
        if len(written) == after:
            raise KeyboardInterrupt
        written.append(path)
        real(path, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(files, "_put", cut)
        make(tmp_path, "--hospital", "aiims_delhi")
    assert make(tmp_path, "--hospital", "aiims_delhi") == (0 if after < 11 else 2), capsys.readouterr().err
    certificate = load_certificate(centre.certificate)
    certificate.verify_directly_issued_by(load_certificate(centre.ca_certificate))
    assert belongs_to(certificate, centre.key)
    public = load_public(centre.public_keys()["aiims_delhi"])
    assert load_private(kit / "aiims_delhi.key").public_key() == public


@pytest.mark.parametrize("blocked", ["", "ca", "hospitals", "handout/aiims_delhi"])
def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path, blocked, capsys):
    place = tmp_path / "credentials" / blocked
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("a file where a folder should be")
    assert make(tmp_path, "--hospital", "aiims_delhi") == 2
    said = capsys.readouterr().err
    assert said.startswith("error KEY001") and said.count("\n") == 1, said  # noqa: PT018


@pytest.mark.parametrize("address", ["münchen", "a b", "", "x" * 300, "evil\nname", "a..b"])
def test_an_address_that_is_none_is_refused(tmp_path, address, capsys):
    assert make(tmp_path, "--address", address) == 2
    assert "CERT004" in capsys.readouterr().err
