"""What the centre says of itself to whoever can reach it: time, version, classes; see `server.centre.gate`."""

from __future__ import annotations

import http.client
import json
import ssl

from clients.checks.outcome import Situation

_SECONDS = 15.0


def ask_centre(situation: Situation) -> str | None:
    """Fill `Situation.centre` once; return why it cannot be."""
    if situation.centre:
        return None
    if not situation.facts.get("reachable") or not (situation.insecure or situation.facts.get("tls")):
        return "The centre cannot be asked; mend what stands above first."
    host, port = situation.site.address
    try:
        if situation.insecure:
            line = http.client.HTTPConnection(host, port, timeout=_SECONDS)
        else:
            context = ssl.create_default_context(cafile=str(situation.site.root_certificate))
            line = http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=context)
        line.request("GET", "/federation")
        situation.centre = json.loads(line.getresponse().read())
        line.close()
        float(situation.centre["time"])
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException) as error:
        situation.centre = {}
        return f"The centre does not say what it is ({type(error).__name__}); is it a SuperLink of this project?"
    return None
