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
