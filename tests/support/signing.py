"""What a SuperNode puts into its headers, made with a key of this project's own; a test compares it with Flower's."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from common.keys import load_private


def signed_headers(private_key, seconds_ahead=0.0, shown=None):
    """Sign as a hospital does, with a clock that is off; `shown` is another public key to show."""
    key = load_private(private_key)
    pem = (shown or key.public_key()).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    stamp = (datetime.now(UTC) + timedelta(seconds=seconds_ahead)).isoformat().encode()
    signature = key.sign(stamp, ec.ECDSA(hashes.SHA256()))
    return [
        (b"flwr-public-key", b64encode(pem)),
        (b"flwr-timestamp", stamp),
        (b"flwr-signature", b64encode(signature)),
    ]
