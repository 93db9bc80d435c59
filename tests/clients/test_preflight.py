"""Each check says no for its own reason, in a sentence that says what to do, and yes when there is none."""

import http.server
import json
import ssl
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from rich.console import Console

from clients import checks, preflight
from clients.checks.data import fingerprint_key, round_time, slices
from clients.checks.machine import device, disk, memory
from clients.checks.network import address, clock, key, labels, tls, versions
from clients.checks.outcome import Situation
from clients.site import read_site
from common.artifacts.run_files import versions as own_versions
from common.config.hydra import load_hospital
from common.config.settings import DataPlan, TrainPlan
from common.keys import certificate_fingerprint, load_shared_key, new_key_pair, new_shared_key
from common.labels import LABEL_MAP
from common.overlap.fingerprints import key_mark
from server.centre import certificates
from server.centre.certificates import new_authority, new_server_certificate
from server.centre.onboarding_kit import site_yaml


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ca")
    new_authority(folder / "ca.crt", folder / "ca.key", 100)
    return folder / "ca.crt", folder / "ca.key"


@pytest.fixture
def site(tmp_path, phantoms, authority):
    """A hospital's settings; `change` writes others."""

    def make(port: int = 1, **flags):
        path = tmp_path / "hospital.yaml"
        path.write_text(site_yaml(load_hospital("phantom_jaipur"), f"127.0.0.1:{port}", str(phantoms)))
        return read_site(path, {"root_certificate": authority[0], **flags})

    return make


@pytest.fixture
def situation(site):
    def make(port: int = 1, insecure: bool = False, timeout: float = 21600.0, **flags):
        plan = DataPlan(image_size=32)
        return Situation(site(port, **flags), insecure, plan, TrainPlan(batch_size=4), timeout)

    return make


class Centre:
    """A SuperLink's front door, as far as preflight looks at it."""

    def __init__(self, certificate: Path, private: Path, says: dict) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                content = json.dumps({"time": time.time(), **says}).encode()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, private)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.server.handle_error = lambda *_: None
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def centre(tmp_path, authority):
    started = []

    def start(addresses=("127.0.0.1",), days: int = 90, by=authority, **says):
        paths = tmp_path / f"{len(started)}.crt", tmp_path / f"{len(started)}.key"
        new_server_certificate(*paths, by, list(addresses), days)
        started.append(Centre(*paths, {"versions": own_versions(), "label_map": dict(LABEL_MAP), **says}))
        return started[-1].port

    yield start
    for each in started:
        each.server.shutdown()


def found(situation, *wanted):
    return checks.look(situation, wanted)[-1]


def test_an_address_that_nobody_listens_at_fails(situation):
    outcome = found(situation(), address)
    assert (outcome.code, outcome.state) == ("PRE001", "failed")
    assert "server.serve" in outcome.sentence


def test_an_unknown_name_fails(situation):
    outcome = found(situation(superlink="no-such-host.invalid:8443"), address)
    assert outcome.state == "failed"
    assert "no-such-host.invalid is unknown" in outcome.sentence


def test_what_needs_the_centre_is_skipped_without_it(situation):
    state = situation()
    assert [o.state for o in checks.look(state, [address, tls, clock, labels, versions])] == [
        "failed",
        "skipped",
        "skipped",
        "skipped",
        "skipped",
    ]


def test_a_good_centre_passes(situation, centre):
    state = situation(centre())
    outcomes = checks.look(state, [address, tls, clock, versions, labels])
    assert [outcome.state for outcome in outcomes] == ["ok"] * 5, outcomes
    assert certificate_fingerprint(state.site.root_certificate) in outcomes[1].sentence


def test_a_certificate_that_ends_soon_is_a_warning(situation, centre):
    assert found(situation(centre(days=10)), address, tls).state == "warning"


def test_another_ca_fails_and_warns_of_somebody_in_between(situation, centre, tmp_path):
    other = tmp_path / "other.crt", tmp_path / "other.key"
    new_authority(*other, 100)
    outcome = found(situation(centre(by=other)), address, tls)
    assert (outcome.code, outcome.state) == ("PRE002", "failed")
    assert "somebody in between" in outcome.sentence


def test_another_name_fails_and_says_how_to_add_it(situation, centre):
    outcome = found(situation(centre(["centre.example.org"])), address, tls)
    assert outcome.state == "failed"
    assert "--address 127.0.0.1" in outcome.sentence


def test_an_expired_certificate_fails(situation, centre, monkeypatch):
    def expired(subject, issuer, public_key, days):
        past = datetime.now(UTC) - timedelta(days=9)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
        builder = builder.serial_number(1).not_valid_before(past)
        return builder.not_valid_after(past + timedelta(days=2))

    with monkeypatch.context() as patched:
        patched.setattr(certificates, "_builder", expired)
        port = centre()
    outcome = found(situation(port), address, tls)
    assert outcome.state == "failed"
    assert "expired" in outcome.sentence


def test_plain_text_where_tls_should_be_fails(situation):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.RequestHandlerClass.log_message = lambda *_: None
    outcome = found(situation(server.server_address[1]), address, tls)
    server.shutdown()
    assert outcome.state == "failed"
    assert "does not speak TLS" in outcome.sentence


@pytest.mark.parametrize(
    ("ahead", "state"), [(0, "ok"), (3, "warning"), (30, "failed"), (-30, "warning"), (-600, "failed")]
)
def test_the_clock_may_lag_minutes_but_not_run_ahead(situation, centre, ahead, state):
    outcome = found(situation(centre(time=time.time() - ahead)), address, tls, clock)
    assert (outcome.code, outcome.state) == ("PRE003", state)


def test_a_missing_key_fails(situation):
    outcome = found(situation(), key)
    assert (outcome.code, outcome.state) == ("PRE004", "failed")


def test_a_key_that_others_can_read_fails(situation, centre, tmp_path):
    new_key_pair(tmp_path / "phantom_jaipur.key", tmp_path / "phantom_jaipur.pub", "x")
    (tmp_path / "phantom_jaipur.key").chmod(0o644)
    outcome = found(situation(centre()), address, tls, key)
    assert outcome.state == "failed"
    assert "chmod 600" in outcome.sentence


def test_a_full_disk_fails(situation, monkeypatch):
    monkeypatch.setattr(checks.machine.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 10})())
    outcome = found(situation(), disk)
    assert (outcome.code, outcome.state) == ("PRE005", "failed")
    assert "cache_dir" in outcome.sentence


@pytest.mark.parametrize(("free", "state"), [(2**29, "failed"), (int(1.1 * 2**30), "warning"), (2**34, "ok")])
def test_memory(situation, monkeypatch, free, state):
    monkeypatch.setattr(checks.machine, "available_bytes", lambda: free)
    assert found(situation(), memory).state == state


def test_a_gpu_that_is_asked_for_and_not_there_fails(situation, monkeypatch):
    monkeypatch.setattr(checks.machine.torch.cuda, "is_available", lambda: False)
    assert found(situation(device="cuda"), device).state == "failed"
    assert found(situation(device="auto"), device).state == "ok"


def test_no_slices_fails_and_slices_are_counted(situation, tmp_path):
    (tmp_path / "empty").mkdir()
    outcome = found(situation(data_root=tmp_path / "empty"), slices)
    assert (outcome.code, outcome.state) == ("PRE008", "failed")
    assert "data_root in hospital.yaml" in outcome.sentence
    state = situation()
    assert found(state, slices).state in ("ok", "warning")
    assert state.train_slices > 2


def test_another_label_order_fails(situation, centre):
    outcome = found(situation(centre(label_map={"glioma": 1})), address, tls, labels)
    assert (outcome.code, outcome.state) == ("PRE009", "failed")


@pytest.mark.parametrize(("package", "state"), [("project", "failed"), ("flwr", "failed"), ("torch", "warning")])
def test_other_versions(situation, centre, package, state):
    port = centre(versions={**own_versions(), package: "0.9.1"})
    assert found(situation(port), address, tls, versions).state == state


def test_a_round_that_takes_longer_than_the_deadline_fails(situation):
    outcome = found(situation(timeout=1e-6), slices, round_time)
    assert (outcome.code, outcome.state) == ("PRE011", "failed")
    assert "strategy.timeout_seconds" in outcome.sentence
    assert found(situation(), slices, round_time).state == "ok"


def test_a_fingerprint_key(situation, tmp_path):
    assert found(situation(), fingerprint_key).state == "skipped"
    path = tmp_path / "shared.key"
    missing = found(situation(fingerprint_key=path), fingerprint_key)
    assert (missing.code, missing.state) == ("PRE012", "failed")
    new_shared_key(path)
    outcome = found(situation(fingerprint_key=path), fingerprint_key)
    assert outcome.state == "ok"
    assert key_mark(load_shared_key(path)) in outcome.sentence
    path.chmod(0o644)
    assert found(situation(fingerprint_key=path), fingerprint_key).state == "failed"


def test_codes_are_stable_and_never_twice():
    assert sorted(check.code for check in checks.CHECKS) == [f"PRE{number:03d}" for number in range(1, 13)]


def test_the_command_says_no_with_exit_code_2(site, capsys):
    made = site()
    assert preflight.main(["--config", str(made.path), "--image-size", "32"]) == 2
    printed = capsys.readouterr()
    assert "JOIN004" in printed.err
    assert "PRE001" in printed.err
    assert "Traceback" not in printed.out + printed.err


def test_who_joins_waits_for_a_centre_that_is_away_and_says_so(site, authority, capsys, monkeypatch):
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 9:
            raise KeyboardInterrupt

    monkeypatch.setattr(checks.time, "sleep", sleep)
    made = site()
    new_key_pair(made.private_key, made.private_key.with_suffix(".pub"), "x")
    with pytest.raises(KeyboardInterrupt):
        checks.require_ready(made, Console(width=300), False, 32, waits=True)
    assert slept == [2, 4, 8, 16, 32, 60, 60, 60, 60]
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 6, "and the same is not said twice"
    assert all("PRE001" in line and "Trying again every" in line for line in said)


def test_what_cannot_pass_by_itself_is_not_waited_for(situation, centre, tmp_path, monkeypatch):
    monkeypatch.setattr(checks.time, "sleep", lambda _: pytest.fail("it waited"))
    other = tmp_path / "other.crt", tmp_path / "other.key"
    new_authority(*other, 100)
    for port in (centre(by=other), centre(time=time.time() - 600)):
        state = situation(port)
        new_key_pair(tmp_path / f"{port}.key", tmp_path / f"{port}.pub", "x")
        wrong = replace(state.site, private_key=tmp_path / f"{port}.key")
        begin = lambda state=state, wrong=wrong: replace(state, site=wrong, is_reachable=False, is_encrypted=False)  # noqa: E731
        _, outcomes = checks._ask_centre(begin, Console(), True)
        assert "failed" in [outcome.state for outcome in outcomes]
