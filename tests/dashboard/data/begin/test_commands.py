from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.data.begin import commands
from dashboard.settings import ROOT


def test_a_command_does_what_it_says_wherever_it_is_pasted(tmp_path: Path) -> None:
    text = commands.here("python -m common.phantoms --help", tmp_path)
    assert text.startswith(f"cd {ROOT}\n")
    done = subprocess.run(["sh", "-c", text], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.startswith("usage: python -m common.phantoms"), done.stderr


def test_the_folder_that_is_shown_is_named_where_it_is_not_the_default() -> None:
    line = commands.here("python -m server.simulate resume=run-001 output_dir=.", Path("/data/it's here"))
    assert line.endswith("""-m server.simulate resume=run-001 'output_dir='"'"'/data/it\\'"'"'s here'"'"''""")
    assert commands.here("python -m server.simulate rounds=3", ROOT).endswith("-m server.simulate rounds=3")
    assert commands.here("python -m common.phantoms --out x", Path("/data")).endswith("-m common.phantoms --out x")


def test_the_interpreter_is_the_one_of_the_projects_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(ROOT / ".venv"))
    monkeypatch.setattr(sys, "executable", str(ROOT / ".venv" / "bin" / "python"))
    assert commands.interpreter() == ".venv/bin/python"
    monkeypatch.setattr(sys, "prefix", "/usr")
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    assert commands.interpreter() == "/usr/bin/python3"


def test_a_run_goes_on_by_the_command_that_it_recorded() -> None:
    recorded = "python -m server.simulate resume=run-003 output_dir=/data"
    assert commands.resume_words("run-003", recorded) == ["server.simulate", "resume=run-003"]
    centre = "python -m server.run --credentials /etc/centre resume=run-003 output_dir=/data"
    assert commands.resume_words("run-003", centre) == [
        "server.run",
        "--credentials",
        "/etc/centre",
        "resume=run-003",
    ]


@pytest.mark.parametrize(
    "recorded",
    [
        None,
        "",
        "rm -rf /",
        "python -c 'import os' resume=run-003",
        "python -m http.server resume=run-003",
        "python -m server.simulate resume=run-004",
        "python -m server.simulate data.root=/etc resume=run-003",
        "python -m server.simulate resume=run-003 hydra.run.dir=/etc",
        "python -m server.simulate 'resume=run-003",
    ],
)
def test_what_a_strangers_folder_says_is_not_run(recorded: str | None) -> None:
    assert commands.resume_words("run-003", recorded) is None
