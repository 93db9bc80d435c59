"""PRE001 to 004, 009, 010: the centre can be reached, is who it should be, and understands this hospital."""

import http.client
import json
import socket
import ssl
import time
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from clients.checks.outcome import Found, Situation, check
from common import keys, proxies
from common.artifacts.run_files import versions as own_versions
from common.errors import InputError
from common.labels import LABEL_MAP

_REACH_SECONDS = 10.0
_TLS_SECONDS = 15.0
_ASK_SECONDS = 15.0
_RENEW_DAYS = 30
_DOUBTFUL_CLOCK_SECONDS = 2.0
_ABOVE_FIRST = "The centre cannot be asked; fix the failed checks above first."


@check("PRE001", "centre reachable")
def address(situation: Situation) -> Found:
    """The centre's address answers."""
    host, port = situation.site.address
    try:
        proxies.connect(host, port, _REACH_SECONDS).close()
        way = f", through the proxy {proxy}" if (proxy := proxies.proxy_for(host)) else ""
    except (proxies.ProxyRefusal, InputError) as error:
        return "failed", error.sentence
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:  # the name service itself does not answer
            situation.may_pass.append("PRE001")
        return "failed", f"The name {host} is unknown here; check superlink in the settings file, or ask for an IP."
    except TimeoutError:
        situation.may_pass.append("PRE001")
        return "failed", f"{host}:{port} does not answer; let outgoing TCP to this port through the firewall."
    except OSError as error:
        situation.may_pass.append("PRE001")
        return "failed", f"{host}:{port} cannot be reached ({error.strerror}); is python -m server.serve running there?"
    situation.is_reachable = True
    return "ok", f"{host}:{port} answers{way}."


@check("PRE002", "TLS chain and name")
def tls(situation: Situation) -> Found:
    """The connection is encrypted, and the centre's certificate comes from the CA that this hospital trusts."""
    if situation.insecure:
        return "warning", "No TLS: everybody on the way can read along. For trying things out only."
    if not situation.is_reachable:
        return "skipped", "The centre cannot be reached."
    host, port = situation.site.address
    authority = situation.site.root_certificate
    try:
        context = ssl.create_default_context(cafile=str(authority))
    except FileNotFoundError:
        return "failed", f"{authority} is missing; the centre hands it out as ca.crt."
    except OSError as error:
        return "failed", f"{authority} cannot be read ({error.strerror}); the centre hands it out as ca.crt."
    try:
        with (
            proxies.connect(host, port, _TLS_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            certificate, version = secure.getpeercert() or {}, secure.version()
    except ssl.SSLCertVerificationError as error:
        return "failed", _certificate_problem(error, host, situation)
    except (ssl.SSLError, OSError) as error:
        if isinstance(error, ConnectionError | TimeoutError | ssl.SSLEOFError):  # it starts, ends, or is flooded
            situation.may_pass.append("PRE002")
        return "failed", f"{host}:{port} does not speak TLS ({error}); is this the SuperLink's port?"
    situation.is_encrypted = True
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    left = (ends - datetime.now(UTC)).days
    if left < _RENEW_DAYS:
        return "warning", f"The centre's certificate expires in {left} days; ask it for: server.credentials --renew"
    shown = keys.certificate_fingerprint(Path(str(authority)))
    return "ok", f"{version}; valid until {ends:%Y-%m-%d}; from the CA {shown}, which the centre can confirm."


def _certificate_problem(error: ssl.SSLCertVerificationError, host: str, situation: Situation) -> str:
    reason = error.verify_message or str(error)
    if "expired" in reason:
        return (
            "The centre's certificate has expired, or this machine's clock is wrong; see PRE003, then ask the centre."
        )
    if "not yet valid" in reason:
        return "The centre's certificate is not yet valid by this machine's clock; set the clock."
    if "mismatch" in reason or "doesn't match" in reason:
        return f"The certificate is not for {host}; the centre adds it with: server.credentials --address {host}"
    proxy = proxies.proxy_for(host)
    between = (
        f"somebody in between, such as the proxy {proxy}, which must not open TLS" if proxy else "somebody in between"
    )
    return (
        f"The certificate is not from the CA in {situation.site.root_certificate} ({reason}): the wrong file, the "
        f"wrong address, or {between}. Do not connect; ask the centre by telephone."
    )


@check("PRE003", "clock")
def clock(situation: Situation) -> Found:
    """The clock agrees with the centre's; Flower refuses signatures from the future and the past."""
    before = time.time()
    if problem := _ask_centre(situation):
        return "skipped", problem
    ahead = (before + time.time()) / 2 - float(situation.centre["time"])
    text = f"The clock is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} the centre's"
    if ahead > keys.SIGNATURE_AHEAD_SECONDS - 1 or -ahead > keys.SIGNATURE_BEHIND_SECONDS:
        return "failed", f"{text}, so the key would be refused; set it, for example with chrony or timedatectl."
    if abs(ahead) > _DOUBTFUL_CLOCK_SECONDS:
        return "warning", f"{text}; let chrony or timedatectl keep it."
    return "ok", f"{text}."


@check("PRE004", "key registered")
def key(situation: Situation) -> Found:
    """The centre knows this hospital's key."""
    if situation.insecure:
        return "skipped", "No keys without TLS."
    path = situation.site.private_key
    try:
        private = keys.load_private(path)
    except InputError as error:
        return "failed", error.sentence
    if not situation.is_encrypted:
        return "skipped", _ABOVE_FIRST
    if keys.is_open_to_others(path):
        return "failed", f"Others on this machine can read {path}; do: chmod 600 on it."
    shown = keys.fingerprint(private.public_key())
    if problem := _knock(situation, private):
        situation.may_pass.append("PRE004")
        return "failed", f"{problem}; tell the centre the key {shown}."
    return "ok", f"The centre knows {shown}."


def _knock(situation: Situation, private: ec.EllipticCurvePrivateKey) -> str | None:
    """Connect and leave at once; return why that failed."""
    import httpx
    from flwr.proto.fleet_pb2 import ActivateNodeRequest, DeactivateNodeRequest
    from flwr.supercore.primitives.asymmetric import public_key_to_bytes
    from flwr.supernode.fleet_http_client import FleetHttpClient
    from flwr.supernode.node_auth_http_interceptor import NodeAuthHttpInterceptor

    public, site = private.public_key(), situation.site
    signer = NodeAuthHttpInterceptor(private, public)
    try:
        with (
            proxies.applied(site.address[0]),
            FleetHttpClient.from_server_address(
                site.superlink, False, str(site.root_certificate), interceptors=[signer]
            ) as client,
        ):
            request = ActivateNodeRequest(public_key=public_key_to_bytes(public), heartbeat_interval=30)
            node = client.ActivateNode(request).node_id
            client.DeactivateNode(DeactivateNodeRequest(node_id=node))
    except httpx.HTTPStatusError as error:
        if error.response.status_code == httpx.codes.UNAUTHORIZED:
            return "The centre does not accept this key's signature (is the clock right?)"
        return "The centre does not know this key, or this hospital is connected already"
    except (httpx.HTTPError, OSError) as error:
        return f"The centre could not be asked ({type(error).__name__})"
    return None


@check("PRE010", "versions")
def versions(situation: Situation) -> Found:
    """Both ends run versions that understand each other."""
    if problem := _ask_centre(situation):
        return "skipped", problem
    here, there = own_versions(), dict(situation.centre.get("versions") or {})

    def differ(package: str) -> bool:
        return here[package].split(".")[:2] != str(there.get(package)).split(".")[:2]

    if here["project"] != there.get("project"):
        text = f"The centre runs version {there.get('project')}, this hospital {here['project']}"
        return "failed", f"{text}; use the same."
    if differ("flwr"):
        return "failed", f"The centre runs Flower {there.get('flwr')}, this hospital {here['flwr']}; use the same."
    if differ("torch"):
        text = f"The centre runs PyTorch {there.get('torch')}, this hospital {here['torch']}"
        return "warning", f"{text}; it should work."
    return "ok", f"Project {here['project']}, Flower {here['flwr']}: the same here and there."


@check("PRE009", "label map")
def labels(situation: Situation) -> Found:
    """The centre trains for the same classes in the same order."""
    if problem := _ask_centre(situation):
        return "skipped", problem
    theirs = situation.centre.get("label_map")
    if theirs != LABEL_MAP:
        return "failed", f"The centre trains for {theirs}, this hospital for {LABEL_MAP}; use the same version."
    return "ok", f"{', '.join(LABEL_MAP)}: the same here and there."


def _ask_centre(situation: Situation) -> str | None:
    """Ask once what the centre says of itself to whoever can reach it: time, versions, classes; return why it cannot.

    The answer comes from `server.centre.gate`.
    """
    if situation.centre:
        return None
    if not situation.is_reachable or not (situation.insecure or situation.is_encrypted):
        return _ABOVE_FIRST
    host, port = situation.site.address
    try:
        if situation.insecure:
            line = http.client.HTTPConnection(host, port, timeout=_ASK_SECONDS)
        else:
            context = ssl.create_default_context(cafile=str(situation.site.root_certificate))
            line = http.client.HTTPSConnection(host, port, timeout=_ASK_SECONDS, context=context)
            line.sock = context.wrap_socket(proxies.connect(host, port, _ASK_SECONDS), server_hostname=host)
        line.request("GET", "/federation")
        said = json.loads(line.getresponse().read())
        line.close()
        float(said["time"])
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException) as error:
        return f"The centre does not say what it is ({type(error).__name__}); is it a SuperLink of this project?"
    situation.centre = said
    return None


CHECKS = (address, tls, clock, key, versions, labels)
