"""A run is submitted only where a SuperLink answers."""

import socket

import pytest

from common.errors import InputError
from server import run
from server.centre.layout import Centre, require_serving, write_connection


@pytest.fixture
def centre(tmp_path):
    return Centre(tmp_path / "credentials")


def test_a_superlink_that_answers_is_enough(centre):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        write_connection(centre, f"127.0.0.1:{listening.getsockname()[1]}", insecure=True)
        require_serving(centre)
    with pytest.raises(InputError, match=r"CENTRE007.*start it: python -m server.serve"):
        require_serving(centre)


def test_without_a_superlink_the_command_says_what_to_start(centre, capsys):
    assert run.main(["--credentials", str(centre.folder), "hospitals=[phantom_jaipur,phantom_kolkata]"]) == 2
    said = capsys.readouterr().err
    assert "CENTRE007: No SuperLink was started" in said
    assert "Traceback" not in said
