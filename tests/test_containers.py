"""The two images are built and their programs run, where somebody names an engine's base image: it takes minutes.

For example, as root, with a base that mmdebstrap made (``podman import base.tar localhost/base:bookworm``; it needs
python3, python3-venv and ca-certificates): ``FEDERATION_BASE_IMAGE=localhost/base:bookworm``. `FEDERATION_PODMAN` and
`FEDERATION_BUILD` are more words for ``podman`` and ``buildah build``.
"""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BASE = os.environ.get("FEDERATION_BASE_IMAGE")
PODMAN = ["podman", *shlex.split(os.environ.get("FEDERATION_PODMAN", ""))]
SIDES = {"centre": "server.serve", "hospital": "clients.join"}
TIGHT = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (BASE and shutil.which("podman") and shutil.which("buildah")), reason="no base image named"),
]


@pytest.fixture(scope="module", params=SIDES)
def image(request):
    side = request.param
    options = shlex.split(os.environ.get("FEDERATION_BUILD", ""))
    command = ["buildah", *options, "build", "--isolation", "chroot", "--layers", "--build-arg", f"BASE={BASE}"]
    command += shlex.split(os.environ.get("FEDERATION_BUILD_OPTIONS", ""))
    command += ["-f", f"containers/Dockerfile.{side}", "-t", f"federation-{side}", "."]
    subprocess.run(command, cwd=ROOT, check=True)
    return side


def run(side, *arguments):
    options = shlex.split(os.environ.get("FEDERATION_RUN_OPTIONS", ""))
    command = [*PODMAN, "run", "--rm", *options, *TIGHT, f"localhost/federation-{side}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_its_program_answers_without_capabilities_and_on_a_disk_it_cannot_write(image):
    done = run(image, SIDES[image], "--help")
    assert done.returncode == 0, done.stderr
    assert SIDES[image] in done.stdout


def test_it_says_what_is_missing_in_one_sentence(image):
    done = run(image, SIDES[image], *(["--config", "/site/hospital.yaml"] if image == "hospital" else []))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("error ")
