"""A curious centre: what it receives and can work out from it says nothing of a single hospital's update."""

from itertools import combinations

import numpy as np
import pytest

from common.secagg import keys
from common.secagg.masks import put_on
from common.secagg.ring import WEIGHTS, Part, zeros
from tests.support.secure import Play, reference_of, session_of, update_of

SIZE = 20_000
CHANCE = 6 / np.sqrt(SIZE)  # six standard deviations of the correlation of two independent vectors


def played(masking: bool, lost: dict[str, str]) -> Play:
    """A session of four hospitals whose updates are unlike each other."""
    reference = reference_of(SIZE)
    session = session_of(4)
    updates = {key: update_of(reference, 50 + number) for number, key in enumerate(session.hospitals)}
    play = Play(session, reference=reference, updates=updates, masking=masking, lost=lost)
    play.run()
    return play


def derivable(play: Play):
    """Everything that a centre can make of what it received: its masks taken off as far as shares allow, and sums."""
    part, session = play.quantiser.parts[0], play.session
    roster = keys.roster_digest(session, play.centre.roster)
    seeds = {
        key: play.centre._secret(key, {each: said.seeds[key] for each, said in play.centre.openings.items()})
        for key in play.centre.survivors
    }
    lost = [key for key in play.centre.shared if key not in play.centre.survivors]
    found = {key: vector[WEIGHTS].copy() for key, vector in play.received.items()}
    yield from found.items()
    for key, numbers in found.items():  # without its own mask, and without those of whoever is lost
        vector = {part.name: numbers}
        put_on(vector, (part,), keys.derived(bytes.fromhex(seeds[key]), "own mask", roster), adds=False)
        yield f"{key} unmasked", numbers
        for gone in lost:
            said = {each: opening.keys[gone] for each, opening in play.centre.openings.items()}
            secret = play.centre._secret(gone, said, is_key=True)
            pair = keys.agreed(secret, play.centre.adverts[key].mask_key, roster, "mask")
            put_on(vector, (part,), pair, adds=not key < gone)
            yield f"{key} without {gone}", numbers
    for size in range(2, len(found)):
        for some in combinations(found, size):
            total = part.zeros()
            for key in some:
                total = total + found[key]
            yield "+".join(some), total
            for key in some[1:]:
                yield f"{some[0]}-{key}", found[some[0]] - found[key]


def strongest(play: Play) -> float:
    """The largest correlation of any derivable vector with any hospital's own update."""
    part = play.quantiser.parts[0]
    own = [play.updates[key]["fc.weight"] - play.reference["fc.weight"] for key in play.session.hospitals]
    return max(abs(np.corrcoef(part.signed(numbers), update)[0, 1]) for _, numbers in derivable(play) for update in own)


@pytest.mark.parametrize("lost", [{}, {"hospital_02": "mask"}, {"hospital_03": "open"}])
def test_nothing_that_the_centre_can_derive_correlates_with_a_hospitals_update(lost):
    assert strongest(played(True, lost)) < CHANCE


def test_without_masks_the_same_look_finds_each_update():
    play = played(False, {})
    part = play.quantiser.parts[0]
    for key, vector in play.received.items():
        own = play.updates[key]["fc.weight"] - play.reference["fc.weight"]
        assert np.corrcoef(part.signed(vector[WEIGHTS]), own)[0, 1] > 0.999


def test_the_test_would_see_a_mask_that_is_left_out(monkeypatch):
    """As a check of the look itself: without the hospitals' common masks it finds the updates."""
    monkeypatch.setattr("common.secagg.hospital.keys.agreed", lambda *_: bytes(32))
    monkeypatch.setattr("common.secagg.hospital.put_on", lambda *_: None)
    play = Play(session_of(4), reference=reference_of(SIZE))
    for step in ("advertise", "share", "mask"):
        play.step(step)
    part = play.quantiser.parts[0]
    for key, vector in play.received.items():
        own = play.updates[key]["fc.weight"] - play.reference["fc.weight"]
        assert np.corrcoef(part.signed(vector[WEIGHTS]), own)[0, 1] > 0.999


@pytest.mark.parametrize("bits", [16, 24, 32, 64])
def test_a_stream_is_put_on_and_taken_off_again_and_is_another_for_each_key_and_part(bits):
    part, key = Part(WEIGHTS, bits, 300_000), bytes(31) + b"\1"
    vector = zeros((part, Part("other", bits, 300_000)))
    put_on(vector, (part, Part("other", bits, 300_000)), key)
    assert not np.array_equal(vector[WEIGHTS], vector["other"])
    high = part.signed(vector[WEIGHTS]) / 2.0 ** (bits - 1)
    assert abs(high.mean()) < 0.01
    assert abs(high.std() - 1 / np.sqrt(3)) < 0.01
    other = zeros((part,))
    put_on(other, (part,), bytes(32))
    assert abs(np.corrcoef(part.signed(other[WEIGHTS]), high)[0, 1]) < 0.02
    put_on(vector, (part, Part("other", bits, 300_000)), key, adds=False)
    assert not vector[WEIGHTS].any()
    assert not vector["other"].any()
