"""What is said in one session, that is in one attempt at one round: the session itself, questions and answers."""

from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from common.config.privacy import MOST
from common.privacy.shared import MOST_NOISE
from common.secagg.refusal import SecureRefusal

_MOST_CHARACTERS = 200_000  # twenty hospitals' shares are some 12,000

Hospital = Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,100}\Z")]
Key = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]  # 32 bytes: a key, a seed, a digest or a MAC
Token = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
Sealed = Annotated[str, Meta(pattern=r"^(?:[0-9a-f]{2}){1,1000}\Z")]
Hospitals = Annotated[tuple[Hospital, ...], Meta(max_length=MOST)]
Said = TypeVar("Said", bound=Struct)


class Session(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which round of which run, and on what terms; every hospital authenticates all of it."""

    token: Token  # of the run
    round: Annotated[int, Meta(ge=1, le=100_000)]
    attempt: Annotated[int, Meta(ge=1, le=2**53)]  # only that it grows matters: a round that begins again has a new one
    plan_sha256: Key
    model: Key  # digest of the model that is trained: were it another at each hospital, a sum could single one out
    hospitals: Hospitals  # of the run, whether they are there or not
    threshold: Annotated[int, Meta(ge=2, le=MOST)]  # fewest hospitals of whose sum anything is learnt
    bits: Literal[16, 24, 32]  # of the ring that weights are summed in
    total: Annotated[int, Meta(ge=1, le=10**9)]  # training slices of all hospitals together; with noise, hospitals
    steps: Annotated[int, Meta(ge=1, le=10**9)]  # of the hospital with the most
    noise: Annotated[float, Meta(ge=0, le=MOST_NOISE)] = 0.0  # multiplier of what the sum carries; 0 where it is none


class Advert(Struct, frozen=True, forbid_unknown_fields=True):
    """A hospital's public keys for one session; the MAC is over the session, too."""

    hospital: Hospital
    mask_key: Key  # X25519: agrees on a mask with each other hospital
    share_key: Key  # X25519: encrypts shares
    sign_key: Key  # Ed25519: signs the list of survivors
    seed_mark: Key  # of the seed of its own mask, so that a wrong share is noticed
    mac: str = ""


class Opening(Struct, frozen=True, forbid_unknown_fields=True):
    """One hospital's shares: of the survivors' own masks, and of the keys of those that were lost after sharing."""

    seeds: dict[Hospital, Sealed]
    keys: dict[Hospital, Sealed]


class Question(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the centre asks of a hospital in one step."""

    step: Literal["advertise", "share", "mask", "survivors", "open"]
    session: Session
    adverts: Annotated[list[Advert], Meta(max_length=MOST)] = []  # share: of everybody
    sealed: dict[Hospital, Sealed] = {}  # mask: from each hospital that shared, for this one
    survivors: Hospitals = ()  # survivors: whose masked update arrived
    signatures: dict[Hospital, Sealed] = {}  # open: under that list


class Answer(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a hospital answers to it; a masked update travels beside it."""

    advert: Advert | None = None
    sealed: dict[Hospital, Sealed] = {}  # share: for each hospital
    signature: str = ""  # survivors
    opening: Opening | None = None  # open


def canonical(kind: str, *said: object) -> bytes:
    """Return the one way in which something is written down to be hashed, authenticated or signed."""
    parts = [msgspec.json.encode(each, order="sorted") for each in said]
    return b"\n".join([f"brain-tumour-federation secure aggregation 1 {kind}".encode(), *parts])


def to_text(said: Struct) -> str:
    """Return one line of JSON."""
    return msgspec.json.encode(said).decode()


def from_text(text: str, kind: type[Said]) -> Said:
    """Read what anybody may have sent.

    Raises
    ------
    SecureRefusal
        ``SECAGG003`` if it is none.
    """
    try:
        if not isinstance(text, str) or len(text) > _MOST_CHARACTERS:
            raise ValueError("too long")
        return msgspec.json.decode(text, type=kind)
    except (ValueError, RecursionError):
        raise SecureRefusal(
            "SECAGG003", "A message of secure aggregation cannot be read; use the same version."
        ) from None
