"""PRE002: the connection is encrypted, and the centre is who it should be."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path

from clients.checks.outcome import Check, Situation
from common.keys import certificate_fingerprint

_SECONDS = 15.0
_SOON_DAYS = 30


def _look(situation: Situation) -> tuple[str, str]:
    if situation.insecure:
        return "warning", "No TLS: everybody on the way can read along. For trying things out only."
    if not situation.facts.get("reachable"):
        return "skipped", "The centre cannot be reached."
    host, port = situation.site.address
    try:
        context = ssl.create_default_context(cafile=str(situation.site.root_certificate))
        with (
            socket.create_connection((host, port), timeout=_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            certificate = secure.getpeercert() or {}
            version = secure.version()
    except FileNotFoundError:
        return "failed", f"{situation.site.root_certificate} is missing; the centre hands it out as ca.crt."
    except ssl.SSLCertVerificationError as error:
        return "failed", _explain(error, host, situation)
    except (ssl.SSLError, OSError) as error:
        return "failed", f"{host}:{port} does not speak TLS ({error}); is this the SuperLink's port?"
    situation.facts["tls"] = True
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    left = (ends - datetime.now(UTC)).days
    if left < _SOON_DAYS:
        return "warning", f"The centre's certificate expires in {left} days; ask it for: server.credentials --renew"
    shown = certificate_fingerprint(Path(str(situation.site.root_certificate)))
    return "ok", f"{version}; valid until {ends:%Y-%m-%d}; from the CA {shown}, which the centre can confirm."


def _explain(error: ssl.SSLCertVerificationError, host: str, situation: Situation) -> str:
    reason = error.verify_message or str(error)
    if "expired" in reason:
        return (
            "The centre's certificate has expired, or this machine's clock is wrong; see PRE003, then ask the centre."
        )
    if "not yet valid" in reason:
        return "The centre's certificate is not yet valid by this machine's clock; set the clock."
    if "mismatch" in reason or "doesn't match" in reason:
        return f"The certificate is not for {host}; the centre adds it with: server.credentials --address {host}"
    return (
        f"The certificate is not from the CA in {situation.site.root_certificate} ({reason}): the wrong file, the "
        "wrong address, or somebody in between. Do not connect; ask the centre by telephone."
    )


CHECK = Check("PRE002", "TLS chain and name", _look)
