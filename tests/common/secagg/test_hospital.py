"""A centre that lies is refused, and the refusal names what it did."""

import numpy as np
import pytest
from msgspec.structs import replace

from common.secagg import hospital as at_hospital
from common.secagg import keys
from common.secagg.hospital import Memory, from_bytes, to_bytes
from common.secagg.refusal import SecureRefusal
from common.secagg.session import Question
from tests.support.secure import SHARED_KEY, STEPS, Play, names_of, session_of, update_of

A, B, C = names_of(3)


def after(step: str, **how) -> Play:
    """A session in which everybody has done this step."""
    play = Play(**how)
    for each in STEPS[: STEPS.index(step) + 1]:
        play.step(each)
    return play


def again(play: Play, attempt: int = 2, number: int = 1, **how) -> Play:
    """The same hospitals, with what they remember, in another attempt."""
    session = replace(play.session, attempt=attempt, round=number)
    return Play(session, memories=dict(play.memories), updates=play.updates, **how)


def test_keys_that_the_centre_put_in_are_found_and_named():
    play = after("advertise")
    mine = keys.advert_of(keys.new_secrets(), B, play.session, bytes(32))  # whoever has not the hospitals' key
    play.centre.adverts[B] = mine
    for hospital in (A, C):
        with pytest.raises(SecureRefusal, match=rf"SECAGG002.*{B}.*not authenticated"):
            play.ask(hospital, "share")
    with pytest.raises(SecureRefusal, match=rf"SECAGG002.*{B}"):
        play.ask(B, "share")


def test_a_hospital_that_is_not_among_those_whose_keys_are_named_shares_nothing():
    play = after("advertise")
    del play.centre.adverts[A]
    with pytest.raises(SecureRefusal, match=rf"SECAGG002.*{A} are not those that it sent"):
        at_hospital.share(play.memories[A], play.session, play.centre.roster, SHARED_KEY)


@pytest.mark.parametrize("field", ["mask_key", "share_key", "sign_key", "seed_mark", "hospital"])
def test_no_part_of_an_advert_can_be_changed(field):
    play = after("advertise")
    changed = C if field == "hospital" else "00" * 32
    play.centre.adverts[B] = replace(play.centre.adverts[B], **{field: changed})
    with pytest.raises(SecureRefusal, match=r"SECAGG00[24]"):
        play.ask(A, "share")


def test_a_hospital_with_another_shared_key_is_named():
    play = after("advertise", shared_keys={C: bytes(32)})
    with pytest.raises(SecureRefusal, match=rf"SECAGG002.*{C}.*another shared key"):
        play.ask(A, "share")


@pytest.mark.parametrize("field", ["mask_key", "share_key"])
def test_a_hospital_that_sends_a_key_with_which_nothing_is_secret_is_named(field):
    """It has the shared key, so that nobody but its own program is at fault."""
    play = after("advertise")
    weak = replace(play.centre.adverts[B], **{field: "00" * 32})
    play.centre.adverts[B] = replace(weak, mac=keys._mac(weak, play.session, SHARED_KEY))
    with pytest.raises(SecureRefusal, match=rf"SECAGG002: {B} sent a key with which nothing can be agreed"):
        play.ask(A, "share")


def test_the_keys_of_another_attempt_are_refused():
    first = after("advertise")
    second = again(first)
    second.step("advertise")
    second.centre.adverts[B] = first.centre.adverts[B]
    with pytest.raises(SecureRefusal, match=rf"SECAGG002.*{B}.*for this attempt"):
        second.ask(A, "share")


@pytest.mark.parametrize(
    "changes",
    [{"threshold": 3}, {"total": 5}, {"steps": 7}, {"bits": 32}, {"plan_sha256": "00" * 32}, {"model": "00" * 32}],
)
def test_hospitals_that_were_told_other_terms_refuse_each_others_keys(changes):
    session = session_of()

    def lie(hospital: str, question: Question) -> Question:
        return replace(question, session=replace(session, **changes)) if hospital == A else question

    play = after("advertise", session=session, lie=lie)
    for hospital in (A, B):
        with pytest.raises(SecureRefusal, match="SECAGG002"):
            play.ask(hospital, "share")


@pytest.mark.parametrize(
    ("survivors", "code"),
    [
        ((A,), "SECAGG004"),
        ((B, C), "SECAGG004.*without this hospital"),
        ((A, B, "hospital_09"), "SECAGG004.*each once"),
        ((A, A), "SECAGG004"),
        ((B, A), "SECAGG004"),
        ((), "SECAGG004.*nobody"),
    ],
)
def test_a_list_of_survivors_that_cannot_be_is_refused(survivors, code):
    play = after("mask")
    with pytest.raises(SecureRefusal, match=code):
        at_hospital.sign_survivors(play.memories[A], play.session, survivors)


def test_no_hospital_signs_two_lists_in_one_attempt():
    play = after("survivors")
    with pytest.raises(SecureRefusal, match=rf"SECAGG004.*{A}, {B} arrived.*but it said {A}, {B}, {C} before"):
        at_hospital.sign_survivors(play.memories[A], play.session, (A, B))


def test_hospitals_that_were_told_other_survivors_open_nothing():
    """The centre would get both secrets of C: its seed from some hospitals, its mask key from others."""
    told = {A: (A, B, C), B: (A, B), C: (A, B, C)}

    def lie(hospital: str, question: Question) -> Question:
        return replace(question, survivors=told[hospital]) if question.step == "survivors" else question

    play = after("mask", session=session_of(3, 3 - 1), lie=lie)
    signatures = {}
    for hospital in (A, B, C):
        play.memories[hospital], signatures[hospital] = at_hospital.sign_survivors(
            play.memories[hospital], play.session, told[hospital]
        )
    with pytest.raises(SecureRefusal, match=rf"SECAGG004.*{B} did not sign the list {A}, {B}, {C}"):
        at_hospital.open_shares(play.memories[A], play.session, signatures)
    with pytest.raises(SecureRefusal, match=rf"SECAGG004.*{A} did not sign the list {A}, {B}:"):
        at_hospital.open_shares(play.memories[B], play.session, {key: signatures[key] for key in (A, B)})
    with pytest.raises(SecureRefusal, match=r"SECAGG004: 1 hospitals signed"):
        at_hospital.open_shares(play.memories[B], play.session, {B: signatures[B]})


def test_a_round_that_was_opened_is_opened_again_for_the_same_hospitals_only():
    first = after("open")
    assert first.mean()
    same = again(first)
    same.run()
    other = again(first, lost={C: "advertise"})
    for step in STEPS[:3]:
        other.step(step)
    with pytest.raises(SecureRefusal, match=rf"SECAGG004.*round 1 was opened for {A}, {B}, {C} before"):
        other.step("survivors")


@pytest.mark.parametrize("changes", [{"total": 10**9}, {"steps": 10**4}, {"model": "00" * 32}])
def test_a_round_that_was_opened_is_summed_again_on_the_same_terms_only(changes):
    """Sums in coarser steps, in which each hospital's number is rounded at another place, tell the summands apart."""
    first = after("open")
    other = Play(replace(first.session, attempt=2, **changes), memories=first.memories, updates=first.updates)
    with pytest.raises(SecureRefusal, match=r"SECAGG004: Round 1 was opened before for another model, or with other"):
        other.step("advertise")
    later = Play(replace(other.session, round=2), memories=first.memories, updates=first.updates)
    later.run()


def test_after_an_attempt_that_was_not_opened_the_round_may_be_summed_of_fewer():
    first = after("mask")
    again(first, lost={C: "advertise"}).run()


def test_an_attempt_that_was_left_cannot_be_gone_on_with_nor_begun_again():
    first = after("survivors")
    second = again(first)
    second.step("advertise")
    left = Play(first.session, memories=dict(second.memories), updates=first.updates)
    with pytest.raises(SecureRefusal, match=r"SECAGG003.*masked once only"):
        left.ask(A, "advertise")
    with pytest.raises(SecureRefusal, match=r"SECAGG003.*left for a later one"):
        at_hospital.open_shares(left.memories[A], first.session, first.centre.signatures)


def test_a_round_that_is_over_is_not_begun_again():
    first = after("open")
    second = again(first, number=2, attempt=2)
    second.run()
    with pytest.raises(SecureRefusal, match=r"SECAGG003.*round 1, but attempt 2 at round 2"):
        again(second, number=1, attempt=3).ask(A, "advertise")


def test_no_second_update_is_masked_and_the_same_one_is_sent_again():
    play = after("mask")
    play.ask(A, "mask")
    play.updates[A] = update_of(play.reference, 999)
    with pytest.raises(SecureRefusal, match=r"SECAGG003.*masked in this attempt.*subtract"):
        play.ask(A, "mask")


def test_nobody_is_masked_against_another_set_of_hospitals_a_second_time():
    play = after("mask", session=session_of(4, 3))
    del play.centre.sealed["hospital_03"]
    with pytest.raises(SecureRefusal, match="SECAGG003"):
        play.ask(A, "mask")


def test_shares_that_were_exchanged_changed_or_made_up_are_refused():
    play = after("share")
    told = play.centre.sealed_for(A)
    wrong = ({B: told[C], C: told[B]}, told | {B: told[B][:-2] + "00"}, told | {B: "00" * 40})
    for sealed in wrong:
        vector = play.quantiser.encode(play.updates[A], 40)
        with pytest.raises(SecureRefusal, match="SECAGG005"):
            at_hospital.mask(play.memories[A], play.session, sealed, vector, play.quantiser.parts)
    for sealed in ({}, {A: told[B]}, {"hospital_09": told[B]}):
        vector = play.quantiser.encode(play.updates[A], 40)
        with pytest.raises(SecureRefusal, match=r"SECAGG00[34]"):
            at_hospital.mask(play.memories[A], play.session, sealed, vector, play.quantiser.parts)


def test_steps_out_of_order_are_refused():
    play = after("advertise")
    memory, session = play.memories[A], play.session
    with pytest.raises(SecureRefusal, match=r"SECAGG003.*masked none"):
        at_hospital.sign_survivors(memory, session, (A, B, C))
    with pytest.raises(SecureRefusal, match=r"SECAGG003.*before a list"):
        at_hospital.open_shares(memory, session, {})
    with pytest.raises(SecureRefusal, match="SECAGG003"):
        at_hospital.share(Memory(), session, play.centre.roster, SHARED_KEY)


def test_terms_that_protect_nobody_are_refused():
    for session in (session_of(4, 2), session_of(3, hospitals=(B, C))):
        with pytest.raises(SecureRefusal, match="SECAGG004"):
            at_hospital.advertise(Memory(), session, A, SHARED_KEY)


def test_the_hospitals_of_a_run_stay_the_same():
    play = after("advertise")
    fewer = replace(play.session, attempt=2, hospitals=(A, B), threshold=2)
    with pytest.raises(SecureRefusal, match=r"SECAGG003.*hospitals or its plan"):
        at_hospital.advertise(play.memories[A], fewer, A, SHARED_KEY)


def test_a_repeated_question_gets_the_same_answer():
    play = after("open")
    before = dict(play.memories), dict(play.centre.openings), dict(play.centre.signatures)
    for step in STEPS:
        play.ask(A, step)
    assert (play.memories, play.centre.openings, play.centre.signatures) == before


def test_hospitals_may_be_restarted_between_any_two_steps():
    play = Play()
    for step in STEPS:
        play.step(step)
        play.memories = {key: from_bytes(to_bytes(memory)) for key, memory in play.memories.items()}
    np.testing.assert_allclose(play.mean()["fc.weight"], play.plain()["fc.weight"], rtol=1e-6, atol=1e-7)


def test_what_is_remembered_survives_being_written_down_and_no_secret_outlives_the_run():
    play = after("open")
    memory = play.memories[A]
    assert from_bytes(to_bytes(memory)) == memory
    left = to_bytes(at_hospital.closed(memory)).decode()
    for secret in (memory.own.mask, memory.own.seed, memory.own.share, memory.held[B].seed):
        assert secret not in left
    with pytest.raises(SecureRefusal, match="SECAGG003"):
        at_hospital.open_shares(at_hospital.closed(memory), play.session, play.centre.signatures)
