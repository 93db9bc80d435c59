"""Keys: the pair by which the centre knows a hospital, and the secret that hospitals share without the centre.

A pair is EC P-384 in OpenSSH's format, as Flower's SuperNodes use it.
"""

import hashlib
import os
import re
import secrets
from base64 import b64decode, b64encode
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from common import files
from common.errors import InputError
from common.text import shown

SHARED_KEY_BYTES = 32
SIGNATURE_AHEAD_SECONDS = 5.0  # flwr.common.constant.SYSTEM_TIME_TOLERANCE: a clock further ahead is refused
SIGNATURE_BEHIND_SECONDS = 300.0  # TIMESTAMP_TOLERANCE

_NAME = re.compile(r"[a-z0-9_]{1,100}")
_HOW = "one hospital makes it with: python -m clients.shared_key FILE"


def checked_name(name: str) -> str:
    """Return a hospital's name if it can be one: it becomes a file's name, and is what ``hospitals=[...]`` lists.

    Raises
    ------
    InputError
        ``KEY005`` otherwise.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            "KEY005",
            f"'{shown(name)}' cannot be a hospital's key; use small letters, digits and _, as conf/hospital/ does.",
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
        files.create(path, content, mode=0o600)
    except FileExistsError:
        raise InputError("KEY001", f"{path} exists and is not overwritten; move it away first.") from None
    except (OSError, ValueError) as error:
        raise InputError("KEY001", f"{path} cannot be written ({files.why(error)}); choose another folder.") from None


def is_open_to_others(path: Path) -> bool:
    """Tell whether other users of this machine can read a file; Windows does not say so in the file's mode."""
    return os.name != "nt" and bool(path.stat().st_mode & 0o077)


def new_key_pair(private_path: Path, public_path: Path, comment: str) -> None:
    """Make a pair of keys; the private half gets mode 0600, `comment` in the public half says whose it is.

    A private half without its public one was cut off before that was written, and gets it.

    Raises
    ------
    InputError
        ``KEY001`` if the pair exists or cannot be written, ``KEY002`` if the half that exists is no private key.
    """
    if os.path.lexists(private_path) and not os.path.lexists(public_path):
        key = load_private(private_path)
    else:
        key = new_private_key(private_path)
    try:
        files.replace(public_path, public_line(key.public_key()) + f" {comment}\n".encode())
    except OSError as error:
        raise InputError("KEY001", f"{public_path} cannot be written ({files.why(error)}).") from None


def new_private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Make a private key (mode 0600); raises as `new_key_pair`."""
    key = ec.generate_private_key(ec.SECP384R1())
    encoding, kind = serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH
    write_private(path, key.private_bytes(encoding, kind, serialization.NoEncryption()))
    return key


def public_line(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return a public key as OpenSSH writes it, without comment."""
    return key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)


def load_private(path: Path) -> ec.EllipticCurvePrivateKey:
    """Read a private key.

    Raises
    ------
    InputError
        ``KEY002`` if it is missing, protected by a passphrase, or not an EC key.
    """
    try:
        key = serialization.load_ssh_private_key(files.read_bytes(path), password=None)
    except OSError as error:
        raise InputError("KEY002", f"The private key {path} cannot be read ({files.why(error)}).") from None
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError("KEY002", f"{path} is not an OpenSSH private key without passphrase ({error}).") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise InputError("KEY002", f"{path} is not an EC key; make one with: python -m clients.key NAME")
    return key


def load_public(path: Path) -> ec.EllipticCurvePublicKey:
    """Read a public key.

    Raises
    ------
    InputError
        ``KEY003`` if it is missing or not an EC public key.
    """
    try:
        key = serialization.load_ssh_public_key(files.read_bytes(path))
    except OSError as error:
        raise InputError("KEY003", f"The public key {path} cannot be read ({files.why(error)}).") from None
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(
            "KEY003", f"{path} is not an OpenSSH public key; ask the hospital for its .pub file."
        ) from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise InputError(
            "KEY003", f"{path} is not an EC public key; the hospital makes one with: python -m clients.key NAME"
        )
    return key


def fingerprint(key: ec.EllipticCurvePublicKey) -> str:
    """Return what ``ssh-keygen -l`` prints, so that two people can compare a key over the phone."""
    return _readable(hashlib.sha256(b64decode(public_line(key).split()[1])).digest())


def public_from_line(line: str) -> ec.EllipticCurvePublicKey:
    """Read a public key as OpenSSH writes it.

    Raises
    ------
    ValueError
        If it is not an EC public key.
    """
    try:
        key = serialization.load_ssh_public_key(line.encode())
    except UnsupportedAlgorithm:
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("not an EC public key in OpenSSH's format")
    return key


def sign(key: ec.EllipticCurvePrivateKey, statement: bytes) -> str:
    """Sign a statement; hexadecimal."""
    return key.sign(statement, ec.ECDSA(hashes.SHA384())).hex()


def is_signed(key: ec.EllipticCurvePublicKey, statement: bytes, signature: str) -> bool:
    """Tell whether a signature is that of this key under this statement."""
    try:
        key.verify(bytes.fromhex(signature), statement, ec.ECDSA(hashes.SHA384()))
    except (ValueError, InvalidSignature):
        return False
    return True


def load_certificate(path: Path) -> x509.Certificate:
    """Read the first certificate in a PEM file.

    Raises
    ------
    InputError
        ``CERT001`` if the file is missing or holds none.
    """
    try:
        return x509.load_pem_x509_certificate(files.read_bytes(path))
    except (OSError, ValueError) as error:
        raise InputError("CERT001", f"The certificate {path} cannot be read ({files.why(error)}).") from None


def certificate_fingerprint(path: Path) -> str:
    """Return a certificate's fingerprint, for the same purpose; raises as `load_certificate`."""
    return _readable(load_certificate(path).fingerprint(hashes.SHA256()))


def new_shared_key(path: Path) -> None:
    """Write 32 random bytes as hexadecimal digits into a new file that only its owner can read.

    Raises
    ------
    InputError
        ``KEY001`` if the file exists or cannot be written.
    """
    write_private(path, (secrets.token_hex(SHARED_KEY_BYTES) + "\n").encode())


def load_shared_key(path: Path) -> bytes:
    """Read the 32 bytes that the hospitals share.

    Raises
    ------
    InputError
        ``KEY006`` they cannot be read or are not such a key, ``KEY007`` others on the machine can read them.
    """
    try:
        key = bytes.fromhex(files.read_bytes(path).decode("ascii").strip())
    except OSError as error:
        raise InputError("KEY006", f"The shared key {path} cannot be read ({files.why(error)}).") from None
    except ValueError:
        raise InputError("KEY006", f"{path} holds no shared key; {_HOW}") from None
    if len(key) != SHARED_KEY_BYTES:
        raise InputError("KEY006", f"{path} holds {len(key)} bytes, a shared key has {SHARED_KEY_BYTES}; {_HOW}")
    if is_open_to_others(path):
        raise InputError("KEY007", f"Others on this machine can read {path}; do: chmod 600 on it.")
    return key


def _readable(digest: bytes) -> str:
    return "SHA256:" + b64encode(digest).decode().rstrip("=")
