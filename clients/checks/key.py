"""PRE004: the centre knows this hospital's key."""

from __future__ import annotations

from clients.checks.outcome import Check, Situation
from common.errors import InputError
from common.keys import fingerprint, load_private


def _look(situation: Situation) -> tuple[str, str]:
    if situation.insecure:
        return "skipped", "No keys without TLS."
    try:
        private = load_private(situation.site.private_key)
    except InputError as error:
        return "failed", error.sentence
    if not situation.facts.get("tls"):
        return "skipped", "The centre cannot be asked; mend what stands above first."
    if situation.site.private_key.stat().st_mode & 0o077:
        return "failed", f"Others on this machine can read {situation.site.private_key}; do: chmod 600 on it."
    shown = fingerprint(private.public_key())
    problem = _knock(situation, private)
    if problem:
        return "failed", f"{problem}; tell the centre the key {shown}."
    return "ok", f"The centre knows {shown}."


def _knock(situation: Situation, private: object) -> str | None:
    """Connect and leave at once; return why that failed."""
    import httpx
    from flwr.proto.fleet_pb2 import ActivateNodeRequest, DeactivateNodeRequest
    from flwr.supercore.primitives.asymmetric import public_key_to_bytes
    from flwr.supernode.fleet_http_client import FleetHttpClient
    from flwr.supernode.node_auth_http_interceptor import NodeAuthHttpInterceptor

    public = private.public_key()  # type: ignore[attr-defined]
    signer = NodeAuthHttpInterceptor(private, public)
    certificate = str(situation.site.root_certificate)
    try:
        with FleetHttpClient.from_server_address(
            situation.site.superlink, False, certificate, interceptors=[signer]
        ) as client:
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


CHECK = Check("PRE004", "key registered", _look)
