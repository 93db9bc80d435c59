"""One small run of phantoms for all tests of the dossier, and its dossier."""

import contextlib
import io
import shutil
import sys
from pathlib import Path

import pytest

from common.config.hydra import run_main
from common.dossier.build import write_dossier
from common.dossier.evidence import Evidence, read_evidence
from server import simulate
from tests.conftest import base_overrides
from tests.support.small_network import in_place_of_resnet18


@pytest.fixture(scope="session")
def output(phantoms, tmp_path_factory) -> Path:
    """Where run-001 lies, complete."""
    folder = tmp_path_factory.mktemp("dossier")
    settings = [*base_overrides(phantoms, folder / "cache"), f"output_dir={folder}"]
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(io.StringIO()),
        in_place_of_resnet18(),
    ):
        patch.setattr(sys, "argv", ["server.simulate", *settings])
        run_main(simulate.simulate, "config")
    return folder


@pytest.fixture(scope="session")
def evidence(output) -> Evidence:
    return read_evidence(output, "run-001")


@pytest.fixture(scope="session")
def written(output, tmp_path_factory) -> Path:
    """The run's dossier, not to be changed."""
    out = tmp_path_factory.mktemp("written") / "dossier"
    write_dossier(output, "run-001", out)
    return out


@pytest.fixture
def dossier(written, tmp_path) -> Path:
    """A copy to tamper with."""
    return Path(shutil.copytree(written, tmp_path / "dossier"))
