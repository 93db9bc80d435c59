"""Fixtures of the tests that start a real SuperLink and real SuperNodes."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients import shared_key
from tests.deployment.harness import KEYS, Deployment, deployment
from tests.deployment.network import network


def pytest_collection_modifyitems(items):
    """Everything here starts processes."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.slow)


POLICY = {"min_train_slices": 2, "min_evaluation_slices": 1, "share_update": True}


@contextlib.contextmanager
def machines(folder: Path, phantoms: Path, small_network: bool = False) -> Iterator[Deployment]:
    """Centre and hospitals with addresses of their own, on loopback where namespaces are not allowed; none started."""
    with network(KEYS) as net, deployment(folder, phantoms, small_network=small_network) as made:
        made.network = net
        if net:
            made.host = net.addresses["centre"]
            made.prefixes = {name: net.inside(name) for name in ("centre", *KEYS)}
        made.make_credentials()
        yield made


@pytest.fixture(scope="module")
def networked(tmp_path_factory, phantoms):
    """A federation that one file of tests may harm as it likes."""
    with machines(tmp_path_factory.mktemp("networked"), phantoms) as made:
        yield made


@pytest.fixture(scope="session")
def disk(tmp_path_factory):
    """A file system of its own, that a test may fill; a plain folder where this user may not mount one."""
    place = tmp_path_factory.mktemp("disk")
    mounted = not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", str(place)], capture_output=True, check=False
    ).returncode
    yield place
    if mounted:
        subprocess.run(["umount", str(place)], check=False)


@pytest.fixture(scope="session")
def shared(tmp_path_factory, phantoms, disk):
    """A federation for several files of tests, of a small network; each begins with `Deployment.stand`.

    Its hospitals share a key for fingerprints and masks, and take part in rounds of few slices.

    The disk comes first: a machine in a namespace of its own sees no file system that is mounted later.
    """
    with machines(tmp_path_factory.mktemp("shared"), phantoms, small_network=True) as made:
        made.everywhere = {"fingerprint_key": str(made.folder / "shared.key"), "policy": POLICY}
        assert shared_key.main([made.everywhere["fingerprint_key"]]) == 0
        yield made


def reference_weights(simulate, made: Deployment, folder: Path, rounds: int, *more: str) -> Path:
    """Run the same federation in one process; return its final weights."""
    overrides = [text for text in made.overrides(rounds) if not text.startswith("output_dir=")]
    done = simulate(*overrides, *more, f"output_dir={folder}")
    assert done.code == 0, done.err
    return folder / "artifacts" / "run-001" / "global_model.pth"
