"""The disk of the artifacts fills: one sentence, nothing lost, and the run goes on when there is room."""

import subprocess

import pytest

from common.artifacts.atomic import sha256_of
from tests.deployment.harness import NAMES


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, too small for a round."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=120m", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a file system")
    yield place
    subprocess.run(["umount", str(place)], check=False)


def test_a_full_disk_costs_no_complete_round(simulate, small_disk, tmp_path):
    full = simulate(f"output_dir={small_disk}")
    assert full.code == 1
    assert "DISK001" in full.err
    assert "Traceback" not in full.out + full.err
    subprocess.run(["mount", "-o", "remount,size=2g", str(small_disk)], check=True)
    done = simulate("resume=run-001", f"output_dir={small_disk}", base=False)
    assert done.code == 0, done.err
    assert simulate(f"output_dir={tmp_path}").code == 0
    weights = [place / "artifacts" / "run-001" / "global_model.pth" for place in (small_disk, tmp_path)]
    assert sha256_of(weights[0]) == sha256_of(weights[1])
    assert all(name in done.out for name in NAMES.values())
