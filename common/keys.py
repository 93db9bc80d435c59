"""The key by which a hospital is known: an EC P-384 pair in OpenSSH's format, as Flower's SuperNodes use it."""

from __future__ import annotations

import hashlib
import os
import re
import ssl
from base64 import b64decode, b64encode
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
    load_ssh_public_key,
)

from common.errors import InputError

_NAME = re.compile(r"[a-z0-9_]+")


def checked_name(name: str) -> str:
    """Return a hospital's name if it can be one: it becomes a file's name, and is what ``hospitals=[...]`` lists.

    Raises
    ------
    InputError
        ``KEY005`` otherwise.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            "KEY005", f"'{name}' is no hospital's key; use small letters, digits and _, as conf/hospital/ does."
        )
    return name


def write_private(path: Path, content: bytes) -> None:
    """Create a file that only its owner can read (mode 0600); an existing one is never overwritten.

    Raises
    ------
    InputError
        ``KEY001`` if the file exists or cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except FileExistsError:
        raise InputError("KEY001", f"{path} exists and is not overwritten; move it away first.") from None
    except OSError as error:
        raise InputError("KEY001", f"{path} cannot be written ({error.strerror}); choose another folder.") from None


def new_key_pair(private_path: Path, public_path: Path, comment: str) -> None:
    """Make a pair of keys.

    Parameters
    ----------
    private_path, public_path : Path
        Where the halves go; the private one gets mode 0600.
    comment : str
        At the end of the public line; says whose key it is.
    """
    key = ec.generate_private_key(ec.SECP384R1())
    write_private(private_path, key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    public_path.write_bytes(public_line(key.public_key()) + f" {comment}\n".encode())


def public_line(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return a public key as OpenSSH writes it, without comment."""
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)


def load_private(path: Path) -> ec.EllipticCurvePrivateKey:
    """Read a private key.

    Raises
    ------
    InputError
        ``KEY002`` if it is missing, protected by a passphrase, or no EC key.
    """
    try:
        key = load_ssh_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise InputError("KEY002", f"The private key {path} cannot be read ({error.strerror}).") from None
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError("KEY002", f"{path} is no OpenSSH private key without passphrase ({error}).") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise InputError("KEY002", f"{path} is no EC key; make one with: python -m clients.key NAME")
    return key


def load_public(path: Path) -> ec.EllipticCurvePublicKey:
    """Read a public key.

    Raises
    ------
    InputError
        ``KEY003`` if it is missing or no EC public key.
    """
    try:
        key = load_ssh_public_key(path.read_bytes())
    except OSError as error:
        raise InputError("KEY003", f"The public key {path} cannot be read ({error.strerror}).") from None
    except (ValueError, UnsupportedAlgorithm):
        raise InputError("KEY003", f"{path} is no OpenSSH public key; ask the hospital for its .pub file.") from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise InputError(
            "KEY003", f"{path} is no EC public key; the hospital makes one with: python -m clients.key NAME"
        )
    return key


def fingerprint(key: ec.EllipticCurvePublicKey) -> str:
    """Return what ``ssh-keygen -l`` prints, so that two people can compare a key over the phone."""
    return _digest(b64decode(public_line(key).split()[1]))


def certificate_fingerprint(path: Path) -> str:
    """Return a certificate's fingerprint, for the same purpose.

    Parameters
    ----------
    path : Path
        A PEM file; of several certificates in it, the first.

    Raises
    ------
    InputError
        ``CERT001`` if it is missing or none.
    """
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    try:
        text = path.read_text(encoding="ascii")
        return _digest(ssl.PEM_cert_to_DER_cert(text[text.index(begin) : text.index(end) + len(end)]))
    except (OSError, ValueError) as error:
        raise InputError("CERT001", f"The certificate {path} cannot be read ({error}).") from None


def _digest(content: bytes) -> str:
    return "SHA256:" + b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
