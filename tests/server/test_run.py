"""What ``python -m server.run`` refuses before it submits anything."""

import pytest
from rich.console import Console

from common.errors import InputError
from server import app
from server.run import main


def test_separate_machines_do_not_pool(tmp_path, capsys):
    (tmp_path / "flower").mkdir()
    (tmp_path / "flower" / "config.toml").touch()
    assert main(["--credentials", str(tmp_path), "strategy=pooled", f"output_dir={tmp_path}"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error STRATEGY001: strategy=pooled")
    assert "simulation only" in said
    assert said.count("\n") == 1


def test_nor_does_the_server_app_that_somebody_else_submitted(tmp_path):
    with pytest.raises(InputError, match="STRATEGY001"):
        app._run(None, ["strategy=pooled", f"output_dir={tmp_path}"], Console())
    assert not list(tmp_path.iterdir()), "nothing was begun"


FLOWERS = """#!/bin/sh
case $1 in
  run) echo '{"success": true, "run-id": "42"}' ;;
  log) echo 'run-007 with fedavg'; sleep 1; kill -INT $PPID; while [ ! -e "$FLWR_HOME/stopped" ]; do sleep 0.05; done ;;
  stop) touch "$FLWR_HOME/stopped"; echo '{"success": true}' ;;
esac
"""


def test_a_run_whose_lines_end_when_it_is_stopped_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    """On a busy machine Flower ends them before the last word of the ServerApp; `log` presses Ctrl-C here."""
    (tmp_path / "flower").mkdir()
    flwr = tmp_path / "flwr"
    flwr.write_text(FLOWERS)
    flwr.chmod(0o700)
    for module in ("server.centre.submission", "server.centre.registry"):
        monkeypatch.setattr(f"{module}.FLWR", str(flwr))
    monkeypatch.setattr("server.run.require_serving", lambda centre: None)
    code = main(["--credentials", str(tmp_path), f"output_dir={tmp_path}"])
    said = capsys.readouterr()
    assert code == 130
    assert "run-007 with fedavg" in said.out
    assert f"resume=run-007 output_dir={tmp_path}" in said.err
