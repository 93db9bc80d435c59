"""A hospital's keys of one session, and how the others know that they are its own.

The centre hands the public keys around, so it could put its own in their place. Each hospital therefore authenticates
its keys with the secret that the hospitals share and the centre does not have (`clients.shared_key`). The MAC is over
the session as well: run, round, attempt, plan, hospitals, threshold. What was said in one session is worth nothing
in another, and nobody can be told other terms than everybody else.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct
from msgspec.structs import replace

from common.secagg.refusal import SecureRefusal
from common.secagg.session import Advert, Key, Session, canonical

KEY_BYTES = 32


class Secrets(Struct, frozen=True):
    """What a hospital keeps to itself, hexadecimal."""

    mask: Key
    share: Key
    sign: Key
    seed: Key  # of its own mask


def new_secrets() -> Secrets:
    """Draw new ones; no session shares any with another."""
    return Secrets(*(secrets.token_hex(KEY_BYTES) for _ in range(4)))


def advert_of(own: Secrets, hospital: str, session: Session, shared_key: bytes) -> Advert:
    """Return a hospital's public keys, authenticated."""
    signing = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(own.sign)).public_key().public_bytes_raw().hex()
    advert = Advert(hospital, public_of(own.mask), public_of(own.share), signing, mark(own.seed))
    return replace(advert, mac=_mac(advert, session, shared_key))


def check_adverts(adverts: Sequence[Advert], session: Session, own: Advert, shared_key: bytes) -> None:
    """Refuse keys that a hospital of this session cannot have sent.

    Raises
    ------
    SecureRefusal
        ``SECAGG002`` with the hospital whose keys are not authenticated, ``SECAGG004`` for too few or unknown ones.
    """
    found = [each.hospital for each in adverts]
    order = [key for key in session.hospitals if key in found]
    if found != order or len(found) < session.threshold:
        raise SecureRefusal(
            "SECAGG004",
            f"The centre named {len(found)} hospitals that share keys; it must be {session.threshold} or more of this "
            "run's, each once.",
        )
    for each in adverts:
        if not hmac.compare_digest(each.mac.encode(), _mac(each, session, shared_key).encode()):
            raise SecureRefusal(
                "SECAGG002",
                f"The keys that came as those of {each.hospital} are not authenticated for this attempt: it has "
                "another shared key, or somebody on the way put in keys of their own.",
            )
        if not (_agrees(each.mask_key) and _agrees(each.share_key)):
            raise SecureRefusal(
                "SECAGG002", f"{each.hospital} sent a key with which nothing can be agreed; its program is at fault."
            )
    if own not in adverts:
        raise SecureRefusal(
            "SECAGG002", f"The keys that came as those of {own.hospital} are not those that it sent for this attempt."
        )


def roster_digest(session: Session, adverts: Sequence[Advert]) -> bytes:
    """Return what stands for the session and everybody's keys: two hospitals with one digest mean the same."""
    return hashlib.sha256(canonical("roster", session, list(adverts))).digest()


def survivors_statement(
    session: Session, adverts: Sequence[Advert], shared: Sequence[str], survivors: Sequence[str]
) -> bytes:
    """Return what a hospital signs of a list of survivors: in which session, and among whom."""
    return canonical("survivors", roster_digest(session, adverts).hex(), list(shared), list(survivors))


def agreed(private: str, public: str, roster: bytes, use: str) -> bytes:
    """Return the key that two hospitals agree on, for one use; the same at both.

    Raises
    ------
    ValueError
        If the public key is none.
    """
    theirs = X25519PublicKey.from_public_bytes(bytes.fromhex(public))
    raw = X25519PrivateKey.from_private_bytes(bytes.fromhex(private)).exchange(theirs)
    return derived(raw, use, roster)


def _agrees(public: str) -> bool:
    """Tell whether a public key is none of the few with which every private key agrees on the same zeros."""
    try:
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(bytes.fromhex(public)))
    except ValueError:
        return False
    return True


def derived(secret: bytes, use: str, salt: bytes) -> bytes:
    """Derive a key for one use."""
    return HKDF(hashes.SHA256(), KEY_BYTES, salt, canonical(use)).derive(secret)


def public_of(private: str) -> str:
    """Return the public half of an X25519 key."""
    return X25519PrivateKey.from_private_bytes(bytes.fromhex(private)).public_key().public_bytes_raw().hex()


def mark(seed: str) -> str:
    """Return what a seed is recognised by; the seed does not follow from it."""
    return hashlib.sha256(canonical("seed", seed)).hexdigest()


def sign(own: Secrets, statement: bytes) -> str:
    """Sign with a session's key."""
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(own.sign)).sign(statement).hex()


def is_signed(advert: Advert, statement: bytes, signature: str) -> bool:
    """Tell whether a signature is this hospital's."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(advert.sign_key)).verify(bytes.fromhex(signature), statement)
    except (ValueError, InvalidSignature):
        return False
    return True


def _mac(advert: Advert, session: Session, shared_key: bytes) -> str:
    key = derived(shared_key, "adverts", b"")
    return hmac.new(key, canonical("advert", session, replace(advert, mac="")), hashlib.sha256).hexdigest()
