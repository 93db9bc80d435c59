"""Who may connect: the SuperLink's list of hospitals follows the centre's folder of public keys."""

from __future__ import annotations

from dataclasses import dataclass, field

from common.errors import InputError, RunError
from common.keys import fingerprint, load_public
from server.centre import Centre
from server.flower_cli import flwr


@dataclass
class Registry:
    """Keeps the SuperLink's list equal to ``hospitals/*.pub``.

    A file that comes registers a hospital, one that goes revokes it, one that changes does both.

    Attributes
    ----------
    centre : Centre
        Whose.
    registered : dict of str to tuple of (str, str)
        Hospital to Flower's node number and the key's fingerprint.
    """

    centre: Centre
    registered: dict[str, tuple[str, str]] = field(default_factory=dict)

    def adopt(self) -> None:
        """Forget nothing that an earlier SuperLink wrote into its database: revoke all of it, then start afresh."""
        for node in flwr(self.centre, "supernode", "list").get("nodes", []):
            if node.get("status") != "unregistered":
                flwr_unregister(self.centre, str(node["node-id"]))

    def follow(self) -> list[str]:
        """Register and revoke what changed; return a sentence for each."""
        said = []
        wanted = {}
        for name, path in self.centre.public_keys().items():
            try:
                wanted[name] = fingerprint(load_public(path))
            except InputError as error:
                said.append(error.sentence)
        for name, (node, shown) in list(self.registered.items()):
            if wanted.get(name) != shown:
                flwr_unregister(self.centre, node)
                del self.registered[name]
                said.append(f"{name}: key {shown} revoked")
        for name, shown in wanted.items():
            if name not in self.registered:
                self.registered[name] = (self._register(name), shown)
                said.append(f"{name}: key {shown} registered")
        return said

    def _register(self, name: str) -> str:
        path = str(self.centre.hospitals / f"{name}.pub")
        try:
            return str(flwr(self.centre, "supernode", "register", path, "--name", name)["node-id"])
        except RunError as error:
            raise RunError("CENTRE002", f"{name} could not be registered: {error.sentence}") from None


def flwr_unregister(centre: Centre, node: str) -> None:
    """Revoke a node's key."""
    flwr(centre, "supernode", "unregister", node)
