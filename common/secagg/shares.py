"""Shares of a hospital's secrets, sealed so that only the hospital that they are for can read them."""

import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from common.secagg import shamir
from common.secagg.keys import Secrets, agreed
from common.secagg.session import Advert, canonical

_NONCE_BYTES = 12


class Held(Struct, frozen=True):
    """The shares that one hospital holds of another's secrets, hexadecimal."""

    seed: str
    mask: str


def shared(own: Secrets, threshold: int, holders: Sequence[str]) -> dict[str, Held]:
    """Cut a hospital's seed and its mask key into a share for each holder, itself included."""
    seeds = shamir.split(bytes.fromhex(own.seed), threshold, holders)
    masks = shamir.split(bytes.fromhex(own.mask), threshold, holders)
    return {holder: Held(seeds[holder].hex(), masks[holder].hex()) for holder in holders}


def sealed(held: Held, own: Secrets, sender: str, to: Advert, roster: bytes) -> str:
    """Encrypt shares for their holder."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    cipher = AESGCM(agreed(own.share, to.share_key, roster, "shares"))
    content = bytes.fromhex(held.seed + held.mask)
    return (nonce + cipher.encrypt(nonce, content, canonical("sealed", sender, to.hospital))).hex()


def opened(text: str, own: Secrets, sender: Advert, holder: str, roster: bytes) -> Held | None:
    """Decrypt shares; None if they are not this sender's for this holder in this session."""
    sent = bytes.fromhex(text)
    cipher = AESGCM(agreed(own.share, sender.share_key, roster, "shares"))
    try:
        content = cipher.decrypt(sent[:_NONCE_BYTES], sent[_NONCE_BYTES:], canonical("sealed", sender.hospital, holder))
    except (InvalidTag, ValueError):
        return None
    half = len(content) // 2
    return Held(content[:half].hex(), content[half:].hex())
