"""What Flower prints becomes a sentence for the hospital; every line is kept."""

import importlib
import inspect
import logging

import pytest

from clients.supernode.log_translation import EXECUTOR, MARK, SUPERNODE, LogTranslator, translate

CONNECTED = "\x1b[92mINFO \x1b[0m:      SuperNode ID: 17189627453231470169\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (CONNECTED, "connected to the centre"),
        ("WARNING :   Connection attempt failed, retrying in 0.29 seconds", "does not answer"),
        ("INFO :      Receiving: train message (ID: 6c67)", "a round of training"),
        (
            "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)",
            "expired",
        ),
        ("[code: 2004] Failed to activate SuperNode.", "refuses this key"),
        ("INFO :      SuperNode terminated gracefully.", "clock is off"),
        (
            "ERROR: [Errno 98] error while attempting to bind on address ('127.0.0.1', 9094): address already in use",
            "port 9094 of this machine is taken",
        ),
    ],
)
def test_what_matters_is_said_in_words(line, said):
    assert said in translate(line, SUPERNODE)


@pytest.mark.parametrize("line", ["", "INFO :      [RUN 36382594]", "INFO:     Waiting for application startup."])
def test_what_does_not_matter_is_not(line):
    assert translate(line, SUPERNODE) is None
    assert translate(line, EXECUTOR) is None


def test_what_the_hospitals_own_program_says_is_passed_on_and_a_traceback_is_not():
    assert translate(f"{MARK}DATA003: there is nothing", EXECUTOR) == "DATA003: there is nothing"
    assert translate("Traceback (most recent call last):", EXECUTOR) is None
    other = "LoadClientAppError: The centre runs version 3 of x, this hospital 2; install the same."
    assert translate(other, EXECUTOR) == "The centre runs version 3 of x, this hospital 2; install the same."


def test_everything_is_in_the_log_and_nothing_is_said_twice_in_a_row(tmp_path):
    said = []
    translator = LogTranslator(tmp_path / "supernode.log", said.append)
    translator.follow([CONNECTED, CONNECTED, "INFO : something else\n"], SUPERNODE)
    translator.mute()
    translator.follow(["INFO :      SuperNode terminated gracefully.\n"], SUPERNODE)
    translator.close()
    assert [line.endswith("waiting for it to start a run") for line in said] == [True]
    kept = (tmp_path / "supernode.log").read_text()
    assert kept.count("SuperNode ID") == 2
    assert "something else" in kept
    assert "gracefully" in kept
    assert "\x1b" not in kept


@pytest.mark.parametrize(
    ("harmless", "last"),
    [
        ("Connection attempt failed, retrying in 0.29 seconds", "SSL/TLS handshake error detected."),
        (
            "Run ID 37 is not in `RUNNING` status. Ignoring reply message fc34.",
            "Run ID 37 is not in `RUNNING` status. Ignoring message 0e6e.",
        ),
    ],
)
def test_a_supernode_that_works_no_more_as_it_must_is_known_by_its_words(harmless, last, tmp_path):
    translator = LogTranslator(tmp_path / "supernode.log", print)
    translator.follow([f"WARNING :   {harmless}\n"], SUPERNODE)
    assert not translator.has_given_up
    translator.follow([f"ERROR :     {last}\n", CONNECTED], SUPERNODE)
    assert translator.has_given_up
    translator.close()


def test_the_signs_are_flowers_own_words():
    supernode = importlib.import_module("flwr.supernode.start_client_internal")
    connection = importlib.import_module("flwr.supernode.fleet_http_connection")
    retry = importlib.import_module("flwr.supercore.retry.http_retry")
    source = "".join(inspect.getsource(module) for module in (supernode, connection, retry))
    for sign in (
        "SuperNode ID: %s",
        "Receiving: %s message",
        "Sent successfully",
        "SuperNode terminated gracefully.",
        "Connection attempt failed, retrying",
        "Connection successful after",
        "SSL/TLS handshake error detected",
        "Run ID %s is not in `RUNNING` status. Ignoring message %s.",
        "[code: {flower_error.code}]",
    ):
        assert sign in source, f"Flower no longer says '{sign}'"


def test_the_executor_marks_what_the_client_app_logs(capfd, monkeypatch):
    from clients.supernode import executor

    log = logging.getLogger("clients")
    monkeypatch.setattr(log, "handlers", [])
    monkeypatch.setattr(log, "disabled", False)  # whoever configured logging before may have left it so
    monkeypatch.setattr(logging.root.manager, "disable", 0)
    monkeypatch.setattr(log, "propagate", True)
    monkeypatch.setattr(log, "level", log.level)
    executor._mark_own_log_lines()
    log.error("DATA003: there is nothing")
    assert capfd.readouterr().err == f"{MARK}DATA003: there is nothing\n"
