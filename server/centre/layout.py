"""Where the centre keeps what its SuperLink needs, and how its own commands reach that SuperLink."""

import os
import socket
import sys
import tomllib
from pathlib import Path

from common import files
from common.addresses import split_address
from common.errors import InputError
from common.proxies import without_proxies

DEFAULT_FOLDER = Path("credentials")
DEFAULT_PORT = 8443
CONNECTION = "centre"
LAST_WORD = "the run ended with exit code"  # ends the ServerApp's output; `server.run` looks for it
_SECONDS = 10.0


class Centre:
    """The centre's folder of credentials (absolute, readable by its owner only); `server.credentials` makes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca_certificate = folder / "ca" / "ca.crt"  # every hospital gets a copy
        self.ca_key = folder / "ca" / "ca.key"  # signs certificates; may be kept offline once that is done
        self.certificate = folder / "server.crt"  # the SuperLink's
        self.key = folder / "server.key"  # the SuperLink's
        self.hospitals = folder / "hospitals"  # <hospital>.pub: who may connect, and under which name
        self.onboarding_kits = folder / "handout"  # what each hospital gets, a folder each
        self.flower_home = folder / "flower"  # Flower's own files: the connection's settings, installed apps

    def public_keys(self) -> dict[str, Path]:
        """Return the hospitals' public keys by hospital."""
        return {path.stem: path for path in sorted(self.hospitals.glob("*.pub"))}

    def environment(self) -> dict[str, str]:
        """Return the environment for Flower's own programs: this Python, the centre's connection, and no proxy."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        return {**without_proxies(), "PATH": path, "FLWR_HOME": str(self.flower_home)}


def open_centre(folder: Path) -> Centre:
    """Find the credentials.

    Raises
    ------
    InputError
        ``CENTRE001`` if there are none.
    """
    centre = Centre(folder.resolve())
    for path in (centre.ca_certificate, centre.certificate, centre.key):
        if not path.is_file():
            raise InputError(
                "CENTRE001", f"{path} is missing; make the credentials first: python -m server.credentials --help"
            )
    return centre


def write_connection(centre: Centre, address: str, insecure: bool) -> None:
    """Tell Flower's command line at which host:port this machine reaches the SuperLink."""
    centre.flower_home.mkdir(mode=0o700, parents=True, exist_ok=True)
    trust = "insecure = true" if insecure else f'root-certificates = "{centre.ca_certificate}"'
    text = f'[superlink]\ndefault = "{CONNECTION}"\n\n[superlink.{CONNECTION}]\naddress = "{address}"\n{trust}\n'
    files.replace(centre.flower_home / "config.toml", text.encode())


def require_serving(centre: Centre) -> None:
    """Refuse to submit a run where no SuperLink answers.

    Raises
    ------
    InputError
        ``CENTRE007``.
    """
    try:
        with (centre.flower_home / "config.toml").open("rb") as file:
            address = str(tomllib.load(file)["superlink"][CONNECTION]["address"])
        host, port = split_address(address)
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            "CENTRE007", f"No SuperLink was started with {centre.folder}; first: python -m server.serve"
        ) from None
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except OSError as error:
        raise InputError(
            "CENTRE007",
            f"No SuperLink answers at {address} ({error.strerror or error}); start it: python -m server.serve",
        ) from None
