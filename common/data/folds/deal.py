"""Deal the pieces of one class into folds of one size: the same deal whichever fold is tested."""

from collections.abc import Mapping, Sequence

import numpy as np

from common.data.split_assignment import ClassGroup, GroupSequence, seeded_number

Dealt = list[tuple[ClassGroup, int]]
"""Pieces with their folds, from 0, in an order in which the folds of a listing follow one another."""


def deal(sequences: Sequence[GroupSequence], folds: int, placed: Mapping[int, int], key: str) -> list[Dealt]:
    """Deal pieces sequence by sequence: along a listing one stretch for each fold, else to the fold that holds least.

    Parameters
    ----------
    sequences : sequence of GroupSequence
        Of pieces, which are not cut.
    placed : mapping of int to int
        Fold of the pieces that another class has dealt.
    key : str
        Seed of the deal.
    """
    load = [0] * folds
    dealt = []
    for number, sequence in enumerate(sequences):
        first = seeded_number(f"{key}/folds/{number}")
        if sequence.order is None:
            found = _spread(sequence.groups, load, placed, first % folds)
        else:
            start = first % len(sequence.groups)
            found = _stretches([*sequence.groups[start:], *sequence.groups[:start]], folds, placed)
        for piece, fold in found:
            load[fold] += piece.size
        dealt.append(found)
    return dealt


def _spread(pieces: Sequence[ClassGroup], load: Sequence[int], placed: Mapping[int, int], first: int) -> Dealt:
    """Give each piece, the largest first, to the fold that holds least."""
    held, found = list(load), {piece.number: placed.get(piece.number, -1) for piece in pieces}
    for piece in pieces:
        if found[piece.number] >= 0:
            held[found[piece.number]] += piece.size
    for piece in sorted(pieces, key=lambda piece: -piece.size):
        if found[piece.number] < 0:
            found[piece.number] = min(range(len(held)), key=lambda fold: (held[fold], (fold - first) % len(held)))
            held[found[piece.number]] += piece.size
    return [(piece, found[piece.number]) for piece in pieces]


def _stretches(pieces: Sequence[ClassGroup], folds: int, placed: Mapping[int, int]) -> Dealt:
    """Cut pieces in a listing's order into one stretch for each fold, of one size as far as pieces allow."""
    sizes = np.array([piece.size for piece in pieces])
    middle = np.cumsum(sizes) - sizes / 2
    along = (middle * folds / sizes.sum()).astype(int).tolist()
    return [(piece, placed.get(piece.number, fold)) for piece, fold in zip(pieces, along, strict=True)]
