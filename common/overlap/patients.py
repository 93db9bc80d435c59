"""Patients whom two hospitals know under one id: keyed hashes, as of slices. Guessed patients have no id, and no hash.

An id that a hospital gives by itself (``0001``) is the same elsewhere by chance; only one that means the same person
everywhere (a national or trial number) tells anything. `docs/cross_duplicates.md` says so, and so do the sentences.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from common.data.split import Split
from common.data.thumbs import Indices

METHOD = "brain-patients-1"
"""Enters every token: raise the number when ids are written otherwise before they are hashed."""

TOKEN_BYTES = 8
_TRAIN, _VAL, _TEST = 1, 2, 4

Tokens = npt.NDArray[np.uint64]
Parts = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class PatientTokens:
    """One hospital's P patients whose ids it knows."""

    tokens: Tokens = field(default_factory=lambda: np.empty(0, np.uint64))
    """Rising, so that their order says nothing; shape ``[P]``."""
    parts: Parts = field(default_factory=lambda: np.empty(0, np.uint8))
    """In which parts of the split each stands: 1 for training, 2 validation, 4 test, added; 0 without a split."""

    def __len__(self) -> int:
        return len(self.tokens)

    def to_texts(self) -> dict[str, str]:
        """Return both arrays as base64."""
        tokens = b64encode(self.tokens.astype("<u8").tobytes()).decode()
        return {"patients": tokens, "patient_parts": b64encode(self.parts.tobytes()).decode()}

    @staticmethod
    def from_texts(tokens: str, parts: str, most: int) -> "PatientTokens":
        """Read what `to_texts` wrote; ValueError where it cannot be so, or for more than `most` patients."""
        read = np.frombuffer(b64decode(tokens, validate=True), dtype="<u8").astype(np.uint64)
        held = np.frombuffer(b64decode(parts, validate=True), dtype=np.uint8)
        if len(read) != len(held) or len(read) > most or (held > _TRAIN + _VAL + _TEST).any():
            raise ValueError("its patients do not fit its files")
        if (read[1:] <= read[:-1]).any():
            raise ValueError("its patients do not rise")
        return PatientTokens(read, held)


def patient_tokens(ids: Sequence[str], number: Indices, key: bytes, split: Split | None = None) -> PatientTokens:
    """Hash patients' ids with the hospitals' shared key.

    Parameters
    ----------
    ids : sequence of str
        Each patient's id as it counts; ``""`` is left out.
    number : ndarray of int64, shape [N]
        Patient of each slice, -1 for none.
    """
    parts = np.zeros(len(ids), np.uint8)
    if split is not None:
        for bit, chosen in ((_TRAIN, split.train), (_VAL, split.val), (_TEST, split.test)):
            known = number[chosen]
            parts[np.unique(known[known >= 0])] |= np.uint8(bit)
    tokens = np.array([int(token_of(patient, key), 16) for patient in ids], dtype=np.uint64)
    kept = np.array([bool(patient) for patient in ids], dtype=bool)
    order = np.argsort(tokens[kept], kind="stable")
    return PatientTokens(tokens[kept][order], parts[kept][order])


def token_of(patient: str, key: bytes) -> str:
    """Return the token of one id, 16 hexadecimal digits."""
    return hmac.digest(key, f"{METHOD}:{patient}".encode(), "sha256")[:TOKEN_BYTES].hex()


def shared_patients(own: PatientTokens, other: PatientTokens) -> list[tuple[str, bool]]:
    """Return those of one hospital's patients whom another knows too; both used the same key.

    Returns
    -------
    list of (str, bool)
        Token, and whether the patient is in this hospital's test and in the other's training.
    """
    same, here, there = np.intersect1d(own.tokens, other.tokens, assume_unique=True, return_indices=True)
    leaks = (own.parts[here] & _TEST > 0) & (other.parts[there] & _TRAIN > 0)
    return [(f"{token:016x}", leak) for token, leak in zip(same.tolist(), leaks.tolist(), strict=True)]
