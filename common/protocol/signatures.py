"""What centre and hospitals sign: the end of the ledger, and an update. Each statement says which kind it is."""

import json
from typing import Annotated

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Meta, Struct

from common import keys
from common.errors import InputError

Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Token = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
Signature = Annotated[str, Meta(pattern=r"^[0-9a-f]{2,400}\Z")]
_MOST_BYTES = 2_000


class UpdateStatement(Struct, frozen=True):
    """What a hospital signs of an update that it sends."""

    token: str  # of the run
    round: int
    hospital: str  # its key
    plan_sha256: str
    samples: int
    digest: str  # see `common.protocol.digest`

    def to_bytes(self) -> bytes:
        """Return what is signed."""
        return _statement("update", self)


class Head(Struct, frozen=True, forbid_unknown_fields=True):
    """The end of a ledger, as the centre tells every hospital."""

    token: Token
    line: Annotated[int, Meta(ge=1, le=10**9)]
    sha256: Digest  # of that line, and so of all before
    key: Annotated[str, Meta(max_length=400)]  # the centre's public key in OpenSSH's format
    signature: Signature = ""

    def signed(self, key: ec.EllipticCurvePrivateKey) -> "Head":
        """Return this with the centre's signature."""
        return msgspec.structs.replace(self, signature=keys.sign(key, self._to_bytes()))

    def to_json(self) -> str:
        """Return one line of JSON."""
        return msgspec.json.encode(self).decode()

    @staticmethod
    def from_json(text: str) -> "Head":
        """Read a head that the centre sent, and check its signature.

        Raises
        ------
        InputError
            ``LEDGER005`` if it is none.
        """
        try:
            if len(text) > _MOST_BYTES:
                raise ValueError("too long")
            head = msgspec.json.decode(text, type=Head)
            public = keys.public_from_line(head.key)
        except ValueError:
            raise InputError("LEDGER005", "The end of the ledger that the centre sent cannot be read.") from None
        if not keys.is_signed(public, head._to_bytes(), head.signature):
            raise InputError("LEDGER005", "The end of the ledger that the centre sent is not signed by its key.")
        return head

    def _to_bytes(self) -> bytes:
        return _statement("head", msgspec.structs.replace(self, signature=""))


def _statement(kind: str, record: Struct) -> bytes:
    facts = json.dumps(msgspec.to_builtins(record), sort_keys=True)
    return f"brain-tumour-federation {kind} 1\n{facts}".encode()
