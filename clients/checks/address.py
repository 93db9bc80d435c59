"""PRE001: the centre's address can be reached."""

from __future__ import annotations

import socket

from clients.checks.outcome import Check, Situation

_SECONDS = 10.0


def _look(situation: Situation) -> tuple[str, str]:
    host, port = situation.site.address
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except socket.gaierror:
        return "failed", f"The name {host} is unknown here; check superlink in the settings file, or ask for an IP."
    except TimeoutError:
        return "failed", f"{host}:{port} gives no answer; let outgoing TCP to this port through the firewall."
    except OSError as error:
        return "failed", f"{host}:{port} cannot be reached ({error.strerror}); is python -m server.serve running there?"
    situation.facts["reachable"] = True
    return "ok", f"{host}:{port} answers."


CHECK = Check("PRE001", "centre reachable", _look)
