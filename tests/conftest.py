"""Shared: small synthetic hospitals, drawn once a session, and a command line that runs in this process."""

import contextlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

import common.quiet  # noqa: F401  must come before the first import of Flower, whatever a test imports first
from common.config.architectures import ARCHITECTURES
from common.phantoms.folders import make_phantoms
from tests.support.small_network_row import ROWS

ARCHITECTURES.update(ROWS)  # in this process; a test that is about the real ones' numbers asks for `resnet18`

PHANTOM_HOSPITALS = "hospitals=[phantom_jaipur,phantom_hyderabad,phantom_kolkata]"


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def phantoms(tmp_path_factory) -> Path:
    """Folder of three synthetic hospitals of a few slices."""
    root = tmp_path_factory.mktemp("phantoms")
    make_phantoms(root, image_size=48, slices_per_class=16, seed=0)
    return root


@dataclass(frozen=True)
class Finished:
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


@pytest.fixture
def resnet18():
    """The real networks under their names, in this process."""
    from tests.support.small_network import in_place_of_the_small_one

    with in_place_of_the_small_one():
        yield


@pytest.fixture
def simulate(monkeypatch, phantoms, tmp_path):
    """Run ``python -m server.simulate`` in this process on the phantoms; more overrides win."""
    from common.config.hydra import run_main
    from server import simulate as module

    def run(*overrides: str, base: bool = True) -> Finished:
        first = base_overrides(phantoms, tmp_path / "cache") if base else []
        flags = [item for item in overrides if item.startswith("-")]  # Hydra wants them before or after all settings
        settings = [item for item in overrides if item not in flags]
        monkeypatch.setattr(sys, "argv", ["server.simulate", *flags, *first, *settings])
        out, err, code = io.StringIO(), io.StringIO(), 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                run_main(module.simulate, "config")
            except SystemExit as leaving:
                code = int(leaving.code or 0)
        return Finished(code, out.getvalue(), err.getvalue())

    return run


def base_overrides(phantoms: Path, cache: Path) -> list[str]:
    """The settings of a run of a few seconds."""
    return [
        PHANTOM_HOSPITALS,
        f"data.root={phantoms}",
        f"data.cache_dir={cache}",
        "data.image_size=32",
        "rounds=2",
        "train.lr=1e-3",
        "compute.engine=inprocess",
        "compute.threads=1",
    ]
