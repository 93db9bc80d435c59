"""Three hospitals on machines of their own: same weights as a simulation, nothing readable on the wire, no impostor."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from common.files import sha256_of
from common.keys import fingerprint, load_public, new_key_pair
from common.model.registry import initial_weights
from server import verify
from tests.deployment.conftest import reference_weights
from tests.deployment.harness import KEYS, NAMES, ROOT, Process, free_port, wait_for
from tests.support.small_network import in_place_of_the_small_one

ROUNDS = 2
CONTROL = b"this sentence crosses the wire in plain text"


def needles(phantoms: Path) -> dict[str, str]:
    """What must not be seen: file names, bytes of files, decoded pixels, and the weights of the first round."""
    images = sorted(path for path in phantoms.rglob("*") if path.suffix.lower() in (".png", ".jpg", ".jpeg"))
    wanted = {"control": CONTROL}
    for number, path in enumerate(images[:: max(1, len(images) // 12)]):
        content = path.read_bytes()
        wanted[f"name {number}"] = path.name.encode()
        wanted[f"file {number}"] = content[len(content) // 2 :][:48]
        pixels = np.asarray(Image.open(path).convert("RGB")).reshape(-1)
        brightest = int(np.argmax(np.lib.stride_tricks.sliding_window_view(pixels, 64).std(axis=1)))
        wanted[f"pixels {number}"] = pixels[brightest : brightest + 48].tobytes()
    with in_place_of_the_small_one():
        weights = initial_weights("resnet18", 42)
    for name in ("conv1.weight", "layer2.0.conv1.weight", "fc.weight"):
        wanted[f"weights {name}"] = weights[name].numpy().reshape(-1)[100:116].tobytes()
    return {name: text.hex() for name, text in wanted.items() if len(text) >= 6}


@pytest.fixture(scope="module")
def finished(networked):
    """A run over the network, with somebody listening."""
    made = networked
    report = made.folder / "sniffed.json"
    listener = None
    if made.network:
        (made.folder / "needles.json").write_text(json.dumps(needles(made.phantoms)))
        listener = made.network.sniff(made.folder / "needles.json", report)
        wait_for(report.with_suffix(".ready").exists, "the sniffer")
    try:
        made.stand()
        run = made.run(*made.overrides(ROUNDS))
        assert run.finish() == 0, run.text
        made.run_text = run.text
        if listener:
            send = f"import socket; s=socket.socket(type=socket.SOCK_DGRAM); s.sendto({CONTROL!r}, ('10.77.0.1', 9))"
            subprocess.run([*made.network.inside(KEYS[0]), sys.executable, "-c", send], check=True)
            wait_for(Path(f"{report}.control").exists, "the sniffer to hear what was sent to it")
    finally:
        if listener:
            listener.send_signal(signal.SIGTERM)
            listener.wait(30)
    made.sniffed = json.loads(report.read_text()) if report.exists() else None
    return made


def test_the_weights_are_those_of_a_simulation(finished, resnet18, simulate, tmp_path):
    reference = reference_weights(simulate, finished, tmp_path, ROUNDS)
    assert sha256_of(finished.weights) == sha256_of(reference)


def test_the_artifacts_are_those_of_a_simulation(finished):
    status = finished.read("status")
    assert (status["state"], status["round"], status["engine"]) == ("completed", ROUNDS, "superlink")
    assert status["missing_hospitals"] == []
    assert [row["epoch"] for row in finished.read("training_history")] == [1, 2]
    assert list(finished.read("dataset_stats")) == list(NAMES.values())
    assert (finished.folder / "models" / "global_model.pth").exists()
    assert "Phantom Kolkata" in (finished.folder / status["log"]).read_text()
    card = (finished.folder / "artifacts" / "run-001" / "model_card.md").read_text()
    assert "python -m server.run strategy=fedavg" in card, "its template and the defaults travelled with the app"


def test_every_update_is_signed_and_each_hospital_can_prove_its_own(finished, capsys):
    given = [
        "run-001",
        "--output-dir",
        str(finished.folder),
        "--hospital-keys",
        str(finished.credentials / "hospitals"),
    ]
    for key in KEYS:
        kit = finished.credentials / "handout" / key
        (record,) = kit.glob("cache/runs/*/*/proof.jsonl")
        assert verify.main([*given, "--centre-key", str(kit / "ledger.pub"), "--hospital-record", str(record)]) == 0
        said = capsys.readouterr().out
        assert "6 updates went in, 6 signed." in said
        assert said.count("… went in.") == ROUNDS


def test_the_screen_is_that_of_a_simulation(finished):
    for text in ("What each hospital holds", "round 1/2", "round 2/2", "Test slices", "is in service"):
        assert text in finished.run_text
    assert "Traceback" not in finished.run_text


def test_nothing_readable_crosses_the_wire(finished):
    if finished.sniffed is None:
        pytest.skip("network namespaces are not allowed here")
    found = dict(finished.sniffed["found"])
    assert found.pop("control") > 0, "the sniffer would have missed it"
    assert finished.sniffed["bytes"] > 100e6
    assert not {name for name, count in found.items() if count}


def newcomer(finished, key: str, name: str, site: Path, *flags: str):
    """Start one more SuperNode, on the machine of a hospital."""
    return finished.start(name, "clients.join", "--config", str(site), "--skip-preflight", *flags, where=key)


def logged(finished, sign: str) -> None:
    wait_for(lambda: sign in finished.log(), f"the SuperLink's log to say '{sign}'")
    wait_for(lambda: sign in finished.serving.text, "the centre's screen to say so", finished.serving)


def test_an_unregistered_key_is_refused_and_named(finished, tmp_path):
    new_key_pair(tmp_path / "stranger.key", tmp_path / "stranger.pub", "stranger")
    site = finished.site(KEYS[0], private_key=str(tmp_path / "stranger.key"))
    stranger = newcomer(finished, KEYS[0], "stranger", site)
    shown = fingerprint(load_public(tmp_path / "stranger.pub"))
    logged(finished, f"unknown key {shown}): /v1/fleet/activate-node, HTTP 412: it is not registered here")
    stranger.until("the centre refuses this key")
    stranger.kill()


def test_a_second_node_with_the_same_key_is_refused_and_named(finished):
    second = newcomer(finished, KEYS[1], "second", finished.site(KEYS[0]), "--home", str(finished.folder / "second"))
    logged(finished, f"(the key of {KEYS[0]}): /v1/fleet/activate-node, HTTP 412: a node that has this key is")
    second.until("a node that has it is connected already")
    second.kill()


def test_another_ca_is_refused_by_the_hospital_and_seen_by_the_centre(finished, tmp_path):
    arguments = ["--out", str(tmp_path / "other"), "--address", finished.host]
    subprocess.run([sys.executable, "-m", "server.credentials", *arguments], check=True, capture_output=True)
    site = finished.site(KEYS[0], root_certificate=str(tmp_path / "other" / "ca" / "ca.crt"))
    fooled = newcomer(finished, KEYS[0], "fooled", site)
    logged(finished, "TLS failed, TLSV1_ALERT_UNKNOWN_CA")
    fooled.until("the centre's certificate is not accepted here (unable to get local issuer certificate)")
    fooled.kill()


def test_plain_text_is_refused_and_named(finished):
    where = finished.prefixes.get(KEYS[2], [])
    send = f"import socket; s=socket.create_connection(({finished.host!r}, {finished.port})); "
    send += "s.sendall(b'GET / HTTP/1.1\\r\\n\\r\\n'); s.recv(100)"
    subprocess.run([*where, sys.executable, "-c", send], check=False, capture_output=True)
    logged(finished, "it speaks plain text")


@pytest.mark.parametrize("path", ["/v1/control/start-run", "/v1/runtime/acquire-task", "/docs"])
def test_a_hospital_reaches_nothing_but_what_its_supernode_needs(finished, path):
    if not finished.network:
        pytest.skip("on loopback everybody is the centre")
    ask = (
        "import http.client, ssl; c = ssl.create_default_context(cafile={ca!r}); "
        "h = http.client.HTTPSConnection({host!r}, {port}, context=c); h.request('POST', {path!r}); "
        "print(h.getresponse().status)"
    ).format(ca=str(finished.credentials / "ca" / "ca.crt"), host=finished.host, port=finished.port, path=path)
    command = [*finished.prefixes[KEYS[2]], sys.executable, "-c", ask]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "403"
    logged(finished, f"refused {finished.network.addresses[KEYS[2]]}: {path}")


def test_a_flood_fills_no_memory_and_no_log_and_a_hospital_gets_in_through_its_proxy(finished):
    """Strangers at one hospital's address, while another one comes anew."""
    link = finished.serving.find("server.centre.superlink")
    memory, written = link.memory_info().rss, len(finished.log())
    ca = str(finished.credentials / "ca" / "ca.crt")
    flood = finished.start("flood", "tests.deployment.flood", finished.host, str(finished.port), ca, where=KEYS[2])
    flood.until("holding", 120)
    assert link.memory_info().rss - memory < 400e6, "a quarter of what the flood sends"
    wait_for(lambda: link.num_fds() < 400, "strangers to give way", patience=30)

    finished.joined[KEYS[0]].stop()
    environment = {}
    if finished.network:
        port = free_port()
        proxy = finished.start("proxy", "tests.support.connect_proxy", str(port), where=KEYS[0])
        environment = {"HTTPS_PROXY": f"http://127.0.0.1:{port}"}
    finished.join(KEYS[0], environment=environment).until("connected to the centre", 120)
    if finished.network:
        assert f"CONNECT {finished.host}:{finished.port} " in proxy.text
        assert f"through the proxy 127.0.0.1:{port}" in finished.joined[KEYS[0]].text
    flood.kill()
    assert len(finished.log()) - written < 30_000
    assert "not shown one by one" in finished.log() or finished.log().count("too many connections") <= 5


@pytest.fixture(scope="module")
def with_impostor(finished):
    """A run that Flower's own command submits; Jaipur's machine has its own key, and Kolkata's name."""
    finished.joined[KEYS[0]].stop()
    section = yaml.safe_load(finished.site(KEYS[2]).read_text())["hospital"]
    impostor = newcomer(finished, KEYS[0], "impostor", finished.site(KEYS[0], hospital=section))
    impostor.until("connected to the centre")
    settings = " ".join([*finished.overrides(1)[:-1], "strategy.wait_seconds=5"])
    command = [*finished.prefixes.get("centre", []), str(Path(sys.executable).parent / "flwr"), "run", ".", "centre"]
    command += ["--stream", "--run-config", f'overrides="{settings}"']
    environment = {"FLWR_HOME": str(finished.credentials / "flower")}
    run = Process(command, finished.folder, "flwr_run", environment, ROOT)
    finished.processes.append(run)
    run.finish()
    impostor.stop()
    return run.text


def test_flowers_own_command_submits_a_run_as_the_guide_says(finished, with_impostor):
    assert "the run ended with exit code 0" in with_impostor
    assert finished.read("status", "run-002")["state"] == "completed"


def test_a_hospital_with_anothers_name_is_left_out_and_named(finished, with_impostor):
    assert f"calls itself '{KEYS[2]}', but its key is that of {NAMES[KEYS[0]]}" in with_impostor
    assert finished.read("status", "run-002")["missing_hospitals"] == [NAMES[KEYS[0]]]
    assert finished.read("model_meta", "run-002")["missing_hospitals"] == [NAMES[KEYS[0]]]
    assert finished.read("training_history", "run-002")[0]["replied"] == [NAMES[KEYS[1]], NAMES[KEYS[2]]]


def test_insecure_is_for_loopback_only(tmp_path):
    for command in (
        ["server.serve", "--insecure", "--host", "0.0.0.0", "--port", str(free_port())],
        ["server.serve", "--insecure", "--host", socket.gethostbyname("localhost").replace("127.0.0.1", "10.1.2.3")],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert "CENTRE004" in done.stderr
