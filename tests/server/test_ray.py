"""Flower's own simulation, with real processes: the traps of `run_simulation` and their cures."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from common.files import sha256_of
from tests.conftest import base_overrides
from tests.server.test_baselines import figures_of
from tests.support.small_network_row import EVERYWHERE

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
ONE_WORKER = "compute.cores=1"  # where more would only cost their start


def start(
    *overrides: str, program: str | None = None, network: Mapping[str, str] = EVERYWHERE, **environment: str
) -> subprocess.Popen:
    """Start a run of a small network; with an empty mapping it is the real one."""
    command = [sys.executable, *(["-c", program] if program else ["-m", "server.simulate"]), *overrides]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **network, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen) -> tuple[int, str]:
    text = process.communicate(timeout=900)[0]
    return process.returncode, text


def ray_settings(phantoms: Path, tmp_path: Path) -> list[str]:
    settings = base_overrides(phantoms, tmp_path / "cache")
    settings.remove("compute.engine=inprocess")
    return [*settings, f"output_dir={tmp_path}"]


def read(output: Path, name: str):
    return json.loads((output / "artifacts" / "run-001" / f"{name}.json").read_text())


def wait_for_round(process: subprocess.Popen, output: Path, number: int) -> None:
    status = output / "artifacts" / "run-001" / "status.json"
    while not status.exists() or json.loads(status.read_text())["round"] < number:
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.05)


KILLER = """
import os, signal, subprocess, sys
from clients import app as clients_app
from server import simulate

make, marker = clients_app.make_client_app, {marker!r}

def make_deadly(sites):
    app = make(sites)
    def answer(message, context):
        if message.metadata.message_type == "train" and context.node_config["partition-id"] == 1:
            with open(marker, "a+") as file:
                deaths = file.tell()
                file.write("x" if deaths < {deaths} else "")
            if deaths < {deaths}:
                {noticed}
                os.kill(os.getpid(), signal.SIGKILL)
        return app(message, context)
    from flwr.clientapp import ClientApp
    deadly = ClientApp()
    for kind in ("query", "train", "evaluate"):
        getattr(deadly, kind)()(answer)
    deadly.query("fingerprints")(answer)
    return deadly

clients_app.make_client_app = make_deadly
simulate.main()
"""


def deadly(marker: Path, deaths: int, seconds: int = 0) -> str:
    """The program of a run in which a worker dies; Ray, as on a busy machine, notices it some seconds later."""
    wake = f"subprocess.Popen(f'sleep {seconds}; kill -CONT {{os.getppid()}}', shell=True)"
    late = f"os.kill(os.getppid(), signal.SIGSTOP); {wake}"
    return KILLER.format(marker=str(marker), deaths=deaths, noticed=late if seconds else "pass")


def weights(output: Path) -> str:
    return sha256_of(output / "artifacts" / "run-001" / "global_model.pth")


def test_both_engines_give_the_same_weights_and_a_worker_killed_once_costs_nothing(
    resnet18, simulate, phantoms, tmp_path
):
    program = deadly(tmp_path / "killed", deaths=1)
    code, text = finish(start(*ray_settings(phantoms, tmp_path), program=program, network={}))
    assert code == 0, text
    assert (tmp_path / "killed").read_text() == "x"
    assert not any(row["failed"] for row in read(tmp_path, "training_history"))
    assert simulate(f"output_dir={tmp_path / 'inprocess'}").code == 0
    assert weights(tmp_path) == weights(tmp_path / "inprocess")


def test_a_worker_in_anothers_place_finds_what_the_hospital_keeps_however_late_its_death_is_seen(
    simulate, phantoms, tmp_path
):
    program = deadly(tmp_path / "killed", deaths=1, seconds=5)
    settings = ["strategy=fedbn", "rounds=2", f"output_dir={tmp_path}"]
    code, text = finish(start(*ray_settings(phantoms, tmp_path), *settings, program=program))
    assert code == 0, text
    assert (tmp_path / "killed").read_text() == "x"
    assert not any(row["failed"] for row in read(tmp_path, "training_history"))
    undisturbed = simulate(*settings, f"data.cache_dir={tmp_path / 'other'}")
    assert undisturbed.code == 0, undisturbed.err
    assert figures_of(tmp_path, "run-001") == figures_of(tmp_path, "run-002")
    kept = [
        sorted(sha256_of(path) for path in (tmp_path / name / "runs").rglob("*.pth")) for name in ("cache", "other")
    ]
    assert kept[0] == kept[1]
    assert len(kept[0]) == 6, "each hospital's own layers, and its whole model"


def test_a_worker_killed_again_and_again_costs_its_hospital_that_round_alone(phantoms, tmp_path):
    program = deadly(tmp_path / "killed", deaths=2)
    code, text = finish(start(*ray_settings(phantoms, tmp_path), "rounds=3", ONE_WORKER, program=program))
    assert code == 0, text
    first, *later = read(tmp_path, "training_history")
    (failure,) = first["failed"]
    assert (failure["hospital"], failure["phase"]) == ("Phantom Hyderabad", "train")
    assert "its process died" in failure["reason"]
    assert not any(row["failed"] for row in later)
    assert read(tmp_path, "status")["missing_hospitals"] == ["Phantom Hyderabad"]


def asked_by_a_stranger(process: subprocess.Popen) -> subprocess.CompletedProcess:
    """Try to join a run's Ray cluster, which waits meanwhile."""
    addresses = {
        argument.partition("=")[2]
        for child in psutil.Process(process.pid).children(recursive=True)
        for argument in child.cmdline()
        if argument.startswith(("--gcs-address=", "--address="))
    }
    address = next(text for text in addresses if ":" in text)
    stranger = "import ray, sys; ray.init(address=sys.argv[1], log_to_driver=False); print('JOINED')"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}
    command = [sys.executable, "-c", stranger, address]
    process.send_signal(signal.SIGSTOP)
    try:
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    finally:
        process.send_signal(signal.SIGCONT)


def test_no_stranger_joins_ctrl_c_ends_it_cleanly_and_a_resume_ends_in_the_same_weights(simulate, phantoms, tmp_path):
    settings = [*ray_settings(phantoms, tmp_path), "rounds=4", ONE_WORKER]
    process = start(*settings)
    wait_for_round(process, tmp_path, 1)
    answer = asked_by_a_stranger(process)
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    code, text = finish(process)
    assert code == 130, text
    assert "resume=run-001" in text
    assert "Traceback" not in text
    assert read(tmp_path, "status")["state"] == "interrupted"
    _, alive = psutil.wait_procs(family, timeout=60)
    assert not alive, f"left behind: {alive}"
    assert "JOINED" not in answer.stdout
    assert answer.returncode != 0
    assert "auth" in (answer.stdout + answer.stderr).lower()

    code, text = finish(start("resume=run-001", f"output_dir={tmp_path}"))
    assert code == 0, text
    assert simulate("rounds=4", f"output_dir={tmp_path / 'whole'}").code == 0
    assert weights(tmp_path) == weights(tmp_path / "whole")


def test_a_backend_that_cannot_start_says_so_and_ends(phantoms, tmp_path):
    (tmp_path / "file").write_text("")
    code, text = finish(start(*ray_settings(phantoms, tmp_path), RAY_TMPDIR=str(tmp_path / "file" / "x")))
    assert code == 1, text
    assert "SIM001" in text
    assert "Traceback" not in text
    assert read(tmp_path, "status")["state"] == "failed"
