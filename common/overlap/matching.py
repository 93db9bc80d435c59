"""Find the slices that two hospitals both hold, from their fingerprints alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from common.data.thumbs import Indices, Mask
from common.errors import InputError
from common.overlap.fingerprints import POSES, SAME_SLICE_BANDS, Fingerprints, Tokens
from common.overlap.matches import MatchList
from common.overlap.patients import shared_patients

_BLOCK_SETS = 512


@dataclass(frozen=True)
class Matches:
    """P pairs of slices of two hospitals that count as one; sorted."""

    first: Indices
    """Local indices at the one hospital."""
    second: Indices
    """Local indices at the other hospital."""
    bands: Indices
    """Equal tokens in the best pair of orientations, at most 48; 48 for an exact copy."""

    def __len__(self) -> int:
        return len(self.first)


def cross_match(first: Fingerprints, second: Fingerprints) -> Matches:
    """Compare two hospitals.

    The cost grows with the equal tokens, not with the product of the numbers of slices. Every orientation of the one is
    compared with every one of the other, so the answer does not depend on who is first, nor on the key.

    Raises
    ------
    InputError
        ``DUP003`` if they were made with different keys: then nothing could be equal.
    """
    if first.key_mark != second.key_mark:
        raise InputError(
            "DUP003",
            f"{first.name} and {second.name} made their fingerprints with different keys; both need the same shared "
            "key file.",
        )
    shared = _shared_tokens(first, second)
    columns = len(second)
    parts = [np.zeros((2, 0), dtype=np.int64)]
    for start in range(0, shared[0].shape[0], _BLOCK_SETS):
        product = (shared[0][start : start + _BLOCK_SETS] @ shared[1]).tocoo()
        enough = product.data >= SAME_SLICE_BANDS
        rows, others = (product.coords[0][enough] + start) // POSES, product.coords[1][enough] // POSES
        parts.append(np.stack([rows.astype(np.int64) * columns + others, product.data[enough]]))
    return _best_of_each(first, second, np.concatenate(parts, axis=1))


def match_lists(hospitals: Sequence[Fingerprints], found: Mapping[tuple[int, int], Matches]) -> list[MatchList]:
    """Sort the matches by the hospital they are for: one list for each, in the order of `hospitals`.

    `found` holds matches by the positions of two hospitals in `hospitals`.
    """
    rows: list[list[tuple[int, str, int]]] = [[] for _ in hospitals]
    patients: list[list[tuple[str, str, bool]]] = [[] for _ in hospitals]
    for (a, b), matches in found.items():
        for one, other in zip(matches.first.tolist(), matches.second.tolist(), strict=True):
            rows[a].append((one, hospitals[b].name, other))
            rows[b].append((other, hospitals[a].name, one))
        for own, their in ((a, b), (b, a)):
            shared = shared_patients(hospitals[own].patients, hospitals[their].patients)
            patients[own] += [(token, hospitals[their].name, leaks) for token, leaks in shared]
    return [
        MatchList(whose.hospital, whose.files_sha256, tuple(sorted(own)), tuple(sorted(known)))
        for whose, own, known in zip(hospitals, rows, patients, strict=True)
    ]


def _shared_tokens(first: Fingerprints, second: Fingerprints) -> tuple[csr_array, csr_array]:
    """Return who has which of the tokens that both know: sets of the first by tokens, tokens by sets of the second."""
    one, other = _Sorted.of(first.tokens), _Sorted.of(second.tokens)
    known = np.unique(one.values[_are_among(other.values, one.values)])
    return one.incidence(known), other.incidence(known).T.tocsr()


@dataclass(frozen=True)
class _Sorted:
    """All tokens of a hospital, rising, with the token sets that they are of."""

    values: Tokens
    sets: Indices
    set_count: int

    @staticmethod
    def of(tokens: Tokens) -> "_Sorted":
        flat = tokens.reshape(-1)
        order = np.argsort(flat)
        return _Sorted(flat[order], order // max(tokens.shape[2], 1), len(tokens) * POSES)

    def incidence(self, known: Tokens) -> csr_array:
        """Return a sparse matrix of ones: sets by `known` tokens."""
        held = _are_among(known, self.values)
        rows, columns = self.sets[held], np.searchsorted(known, self.values[held])
        found = csr_array((np.ones(len(rows), dtype=np.int64), (rows, columns)), shape=(self.set_count, len(known)))
        found.data[:] = 1  # a token that somebody writes into one set twice is one token
        return found


def _are_among(others: Tokens, values: Tokens) -> Mask:
    """Tell which values are among others; both rise."""
    if not len(others):
        return np.zeros(len(values), dtype=bool)
    return others[np.minimum(np.searchsorted(others, values), len(others) - 1)] == values


def _best_of_each(first: Fingerprints, second: Fingerprints, found: Indices) -> Matches:
    """Keep of each pair of slices the pair of orientations with the most equal tokens."""
    pairs, position = np.unique(found[0], return_inverse=True)
    bands = np.zeros(len(pairs), dtype=np.int64)
    np.maximum.at(bands, position, found[1])
    columns = max(len(second), 1)
    return Matches(first.indices[pairs // columns], second.indices[pairs % columns], bands)
