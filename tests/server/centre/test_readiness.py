"""A SuperLink is not started where nobody could use it, and says in time that its certificate ends."""

import socket

import pytest

from common.errors import InputError
from server import serve
from server.centre.certificates import new_authority, new_server_certificate
from server.centre.readiness import CertificateWatch, require_certificate, require_free


@pytest.fixture
def certificate(tmp_path):
    """A certificate for 127.0.0.1 that is valid for some days."""

    def make(days, path=tmp_path / "server.crt"):
        authority = tmp_path / "ca.crt", tmp_path / "ca.key"
        if not authority[0].exists():
            new_authority(*authority, 1000)
        path.with_suffix(".key").unlink(missing_ok=True)
        new_server_certificate(path, path.with_suffix(".key"), authority, ["127.0.0.1"], days)
        return path

    return make


def code_of(call, *arguments):
    with pytest.raises(InputError) as refused:
        call(*arguments)
    return refused.value.code


def test_a_taken_port_and_a_foreign_address(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert code_of(require_free, "127.0.0.1", taken.getsockname()[1]) == "CENTRE005"
    assert code_of(require_free, "192.0.2.1", 8443) == "CENTRE005"
    assert code_of(require_free, "127.0.0.1", 80000) == "CENTRE005"
    assert code_of(require_free, "no-such-host.invalid", 8443) == "CENTRE005"


def test_another_address_and_an_expired_certificate(certificate):
    require_certificate(certificate(10), "127.0.0.1")
    assert code_of(require_certificate, certificate(10), "10.0.0.5") == "CENTRE006"
    assert code_of(require_certificate, certificate(0), "127.0.0.1") == "CENTRE008"


@pytest.mark.parametrize(("days", "said"), [(100, []), (10, ["expires on"]), (0, ["expired on"])])
def test_the_end_of_a_certificate_is_said_once(certificate, days, said):
    watch = CertificateWatch(certificate(days))
    news = watch.news()
    assert [text for text, sign in zip(news, said, strict=True) if sign in text and "--renew" in text] == news
    assert watch.news() == []


def test_serving_without_credentials_says_how_to_make_them(tmp_path, capsys):
    assert serve.main(["--credentials", str(tmp_path)]) == 2
    assert "CENTRE001" in capsys.readouterr().err
