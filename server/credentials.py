"""``python -m server.credentials``: the federation's CA, the SuperLink's certificate, and each hospital's key."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from common import addresses, cli, files, keys
from common.errors import InputError
from common.text import shown
from server.centre import certificates
from server.centre.layout import DEFAULT_FOLDER, DEFAULT_PORT, Centre
from server.centre.onboarding_kit import write_onboarding_kit

_CA_DAYS = 3650
_SERVER_DAYS = 397


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = cli.command(
        "server.credentials",
        "Make what centre and hospitals need to recognise each other; run it again to add a hospital.",
    )
    command.add_argument("--out", type=Path, default=DEFAULT_FOLDER, help="folder (default: credentials)")
    command.add_argument(
        "--address", action="append", default=[], help="host name or IP by which hospitals reach the centre; repeatable"
    )
    command.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"of the SuperLink (default: {DEFAULT_PORT})")
    command.add_argument("--hospital", action="append", default=[], help="make a pair of keys for it; repeatable")
    command.add_argument(
        "--public-key",
        action="append",
        default=[],
        type=Path,
        help="a hospital's own NAME.pub instead, so that its private key never travels; repeatable",
    )
    command.add_argument("--days", type=int, default=_SERVER_DAYS, help="until the SuperLink's certificate expires")
    command.add_argument("--renew", action="store_true", help="make the SuperLink's certificate anew")
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 done, 2 refused."""
    return cli.run(make, parser(), arguments)


def make(given: argparse.Namespace) -> None:
    """Make what is missing and say what to hand to whom."""
    console = Console(highlight=False, soft_wrap=True)
    if not 0 < given.port < 65536:
        raise InputError("CENTRE005", f"--port={given.port} is not possible; a port is a number up to 65535.")
    if not 1 <= given.days <= _CA_DAYS:
        raise InputError("CERT003", f"--days={given.days} is not possible; give 1 to {_CA_DAYS}.")
    if strange := [name for name in given.address if not addresses.is_host(name)]:
        raise InputError("CERT004", f"--address={shown(strange[0])} is no host name or IP address.")
    centre = Centre(files.absolute(given.out))
    try:
        _make(centre, given, console)
    except OSError as error:
        raise InputError(
            "KEY001", f"{error.filename or centre.folder} cannot be written ({files.why(error)}); choose another --out."
        ) from None


def _make(centre: Centre, given: argparse.Namespace, console: Console) -> None:
    for folder in (centre.folder, centre.ca_key.parent, centre.hospitals, centre.onboarding_kits):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.path.lexists(centre.ca_certificate):
        certificates.new_authority(centre.ca_certificate, centre.ca_key, _CA_DAYS)
    _server_certificate(centre, given)
    _ledger_key(centre)
    certificate = keys.load_certificate(centre.certificate)
    names = certificates.addresses_of(certificate)
    console.print(f"SuperLink's certificate: {centre.certificate}")
    console.print(f"  for {', '.join(names)}; it expires on {certificate.not_valid_after_utc:%Y-%m-%d}")
    console.print(f"CA, as clients.preflight shows it, too: {keys.certificate_fingerprint(centre.ca_certificate)}")
    shown = keys.fingerprint(keys.load_public(centre.ledger_public_key))
    console.print(f"Key that signs the ledgers of runs: {shown}")
    secret = f"{centre.ca_key}, {centre.key} and {centre.ledger_key}"
    console.print(f"Keep at the centre, and let nobody else read: {secret}")
    address = f"{(given.address or [names[0]])[0]}:{given.port}"
    for name in given.hospital:
        _new_hospital(centre, keys.checked_name(name), address, console)
    for path in given.public_key:
        _known_hospital(centre, keys.checked_name(path.stem), path, address, console)


def _server_certificate(centre: Centre, given: argparse.Namespace) -> None:
    """Make or renew the certificate; names once given stay."""
    present: list[str] = []
    whole = False
    if os.path.lexists(centre.certificate):
        certificate = keys.load_certificate(centre.certificate)
        present, whole = certificates.addresses_of(certificate), certificates.belongs_to(certificate, centre.key)
    wanted = list(dict.fromkeys([*given.address, *present, *addresses.LOOPBACK]))
    if whole and not given.renew and not set(wanted) - set(present):
        return
    authority = centre.ca_certificate, centre.ca_key
    certificates.new_server_certificate(centre.certificate, centre.key, authority, wanted, given.days)


def _ledger_key(centre: Centre) -> None:
    """Make the key that signs ledgers, if no run has made it yet, and its public half."""
    if not centre.ledger_key.exists():
        keys.new_private_key(centre.ledger_key)
    line = keys.public_line(keys.load_private(centre.ledger_key).public_key())
    files.replace(centre.ledger_public_key, line + b" ledger\n")


def _new_hospital(centre: Centre, name: str, address: str, console: Console) -> None:
    folder = write_onboarding_kit(centre, name, address)
    keys.new_key_pair(folder / f"{name}.key", centre.hospitals / f"{name}.pub", name)
    console.print(
        f"{name}: hand over the folder {folder} by a way that nobody else reads (it holds the private key), "
        "and delete it here afterwards."
    )
    _say_fingerprint(centre, name, console)


def _known_hospital(centre: Centre, name: str, path: Path, address: str, console: Console) -> None:
    line = keys.public_line(keys.load_public(path))
    for other, there in centre.public_keys().items():
        if other != name and keys.public_line(keys.load_public(there)) == line:
            raise InputError("KEY004", f"{path} is already the key of {other}; each hospital has a key of its own.")
    files.replace(centre.hospitals / f"{name}.pub", line + f" {name}\n".encode())
    folder = write_onboarding_kit(centre, name, address)
    (folder / f"{name}.key").unlink(missing_ok=True)  # of a pair that was made here before; worth nothing now
    console.print(f"{name}: hand over the folder {folder}; it holds nothing secret.")
    _say_fingerprint(centre, name, console)


def _say_fingerprint(centre: Centre, name: str, console: Console) -> None:
    key = keys.load_public(centre.hospitals / f"{name}.pub")
    console.print(f"  key {keys.fingerprint(key)}; compare it with the hospital over another line")


if __name__ == "__main__":
    sys.exit(main())
