"""Every hospital's key is registered before the SuperLink's port listens: whoever starts with it finds itself known.

It stands on a seam of Flower 1.41: `SuperLinkLifespan.startup` runs before uvicorn opens the port; a contract test
tells when it moves. What was registered is left in a file, which `server.centre.registry` takes over.
"""

import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from common import files
from common.errors import InputError
from common.keys import fingerprint, load_public
from server.centre.layout import Centre

log = logging.getLogger("flwr")


def register_first(public_keys: Path, report: Path) -> None:
    """Make the SuperLink of this process register a folder of ``<hospital>.pub`` before its port listens.

    Parameters
    ----------
    report : Path
        File for `read_report`.
    """
    from flwr.superlink.cli.flower_superlink import SuperLinkLifespan

    start = SuperLinkLifespan.startup

    def startup(lifespan: Any) -> None:
        registered = register_all(public_keys, lifespan.state_factory.state())
        files.replace(report, json.dumps(registered).encode(), mode=0o600)
        start(lifespan)

    SuperLinkLifespan.startup = startup


def register_all(public_keys: Path, state: Any) -> dict[str, tuple[str, str]]:
    """Register every file that holds a key in Flower's `LinkState`; return hospital to node and key's fingerprint.

    What cannot be registered is left to `server.centre.registry`, which says why.
    """
    from flwr.common.constant import NOOP_ACCOUNT_NAME, NOOP_FLWR_AID
    from flwr.proto.control_pb2 import RegisterNodeRequest
    from flwr.supercore.error import FlowerError
    from flwr.supercore.primitives.asymmetric import public_key_to_bytes
    from flwr.superlink.servicer.control import control_handlers

    account: Any = SimpleNamespace(flwr_aid=NOOP_FLWR_AID, account_name=NOOP_ACCOUNT_NAME)
    registered = {}
    for path in sorted(public_keys.glob("*.pub")):
        try:
            key = load_public(path)
            request = RegisterNodeRequest(public_key=public_key_to_bytes(key), name=path.stem)
            node = control_handlers.register_node(request, account, state).node_id
        except (InputError, FlowerError) as error:
            log.warning("%s is not registered: %s", path.name, error)
            continue
        registered[path.stem] = (str(node), fingerprint(key))
    return registered


def report_of(centre: Centre) -> Path:
    """Return the file that says what was registered at the start."""
    return centre.flower_home / "registered.json"


def read_report(centre: Centre) -> dict[str, tuple[str, str]]:
    """Return what the SuperLink registered at its start: hospital to Flower's node and the key's fingerprint."""
    try:
        found = json.loads(files.read_text(report_of(centre)))
        return {str(name): (str(node), str(shown)) for name, (node, shown) in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
