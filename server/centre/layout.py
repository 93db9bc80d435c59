"""Where the centre keeps what its SuperLink needs, and how its own commands reach that SuperLink."""

import json
import os
import socket
import sys
import tomllib
from pathlib import Path

from common import files
from common.addresses import split_address
from common.errors import InputError
from common.proxies import without_proxies
from common.text import command_line

DEFAULT_FOLDER = Path("credentials")
DEFAULT_PORT = 8443
CONNECTION = "centre"
LAST_WORD = "the run ended with exit code"  # ends the ServerApp's output; `server.run` looks for it
CENTRE_VARIABLE = "FEDERATION_CENTRE"  # tells the ServerApp where the credentials are
SIGNERS_VARIABLE = "FEDERATION_SIGNERS"  # and where the keys are by which hospitals sign; unset without keys
_SECONDS = 10.0


class Centre:
    """The centre's folder of credentials (absolute, readable by its owner only); `server.credentials` makes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca_certificate = folder / "ca" / "ca.crt"  # every hospital gets a copy
        self.ca_key = folder / "ca" / "ca.key"  # signs certificates; may be kept offline once that is done
        self.certificate = folder / "server.crt"  # the SuperLink's
        self.key = folder / "server.key"  # the SuperLink's
        self.ledger_key = folder / "ledger.key"  # signs the ledgers of runs; stays when the certificate is renewed
        self.ledger_public_key = folder / "ledger.pub"  # every hospital gets a copy
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


def with_credentials(program: str, folder: Path, flag: str = "--credentials") -> str:
    """Return how a program is started with these credentials: the flag is left out where it is the default."""
    own = files.absolute(folder) != files.absolute(DEFAULT_FOLDER)
    return f"{program} {command_line(flag, str(folder))}" if own else program


def open_centre(folder: Path) -> Centre:
    """Find the credentials.

    Raises
    ------
    InputError
        ``CENTRE001`` if there are none.
    OSError
        If they cannot be read.
    """
    centre = Centre(files.absolute(folder))
    for path in (centre.ca_certificate, centre.certificate, centre.key):
        if not os.path.isfile(path):
            raise InputError(
                "CENTRE001", f"{path} is missing; make the credentials first: python -m server.credentials --help"
            )
        path.open("rb").close()  # refused here, not by a program that this one starts
    if centre.hospitals.exists():
        os.listdir(centre.hospitals)  # a folder that cannot be listed would look like one without keys
    return centre


def write_connection(centre: Centre, address: str, insecure: bool) -> None:
    """Tell Flower's command line at which host:port this machine reaches the SuperLink."""
    centre.flower_home.mkdir(mode=0o700, parents=True, exist_ok=True)
    trust = "insecure = true" if insecure else f"root-certificates = {json.dumps(str(centre.ca_certificate))}"
    text = f'[superlink]\ndefault = "{CONNECTION}"\n\n[superlink.{CONNECTION}]\naddress = "{address}"\n{trust}\n'
    files.replace(centre.flower_home / "config.toml", text.encode())


def require_serving(centre: Centre) -> None:
    """Refuse to submit a run where no SuperLink answers.

    Raises
    ------
    InputError
        ``CENTRE007``.
    """
    serve = with_credentials("server.serve", centre.folder)
    try:
        connection = tomllib.loads(files.read_text(centre.flower_home / "config.toml"))
        address = str(connection["superlink"][CONNECTION]["address"])
        host, port = split_address(address)
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            "CENTRE007", f"No SuperLink was started with {centre.folder}; first: python -m {serve}"
        ) from None
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except OSError as error:
        raise InputError(
            "CENTRE007",
            f"No SuperLink answers at {address} ({files.why(error)}); start it: python -m {serve}",
        ) from None
