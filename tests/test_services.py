"""The systemd units: what systemd itself says of them, and the bounds that may not be lost."""

import shutil
import subprocess
from pathlib import Path

import pytest

from clients import join
from server import serve

UNITS = sorted((Path(__file__).parents[1] / "containers" / "systemd").glob("*.service"))


def command(unit):
    line = next(line for line in unit.read_text().splitlines() if line.startswith("ExecStart="))
    return line.split(" -m ")[1].split()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_is_hardened_and_its_command_exists(unit):
    lines = unit.read_text().splitlines()
    for wanted in ("NoNewPrivileges=yes", "ProtectSystem=strict", "Restart=on-failure", "LimitNOFILE=8192"):
        assert wanted in lines
    module, *flags = command(unit)
    parser = {"server.serve": serve.parser, "clients.join": join.parser}[module]()
    parser.parse_args(flags)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_finds_nothing_wrong(unit, tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd here")
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/federation/.venv/bin/python", shutil.which("env")))
    done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    assert not [line for line in done.stderr.splitlines() if unit.name in line], done.stderr
