"""Deal the pieces of one class into folds of one size: the same deal whichever fold is tested."""

from collections.abc import Mapping, Sequence

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
            start = _start(sequence, folds, first)
            found = _stretches([*sequence.groups[start:], *sequence.groups[:start]], folds, placed, first % folds)
        for piece, fold in found:
            load[fold] += piece.size
        dealt.append(found)
    return dealt


def _start(sequence: GroupSequence, folds: int, first: int) -> int:
    """Return where the first fold begins; at a piece that is larger than a fold, so that the others share the rest."""
    largest = max(range(len(sequence.groups)), key=lambda place: sequence.groups[place].size)
    is_giant = sequence.groups[largest].size * folds > sequence.size
    return largest if is_giant else first % len(sequence.groups)


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


def _stretches(pieces: Sequence[ClassGroup], folds: int, placed: Mapping[int, int], first: int) -> Dealt:
    """Cut pieces in a listing's order into one stretch for each fold, of one size as far as pieces allow.

    Of as many pieces as folds none is without one.
    """
    left = sum(piece.size for piece in pieces)  # slices of this fold and of those after it
    fold = held = 0
    found = []
    for place, piece in enumerate(pieces):
        is_full = (2 * held + piece.size) * (folds - fold) > 2 * left
        if held and fold < folds - 1 and (is_full or len(pieces) - place < folds - fold):
            left, fold, held = left - held, fold + 1, 0
        held += piece.size
        found.append((piece, placed.get(piece.number, (fold + first) % folds)))
    return found
