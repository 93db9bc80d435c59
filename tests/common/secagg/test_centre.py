"""The sum is the plain one, whoever is lost, down to the threshold; below it nothing is opened."""

import numpy as np
import pytest
from msgspec.structs import replace

from common.model.weights import is_weight
from common.secagg.centre import Unopened
from tests.support.secure import STEPS, Play, names_of, session_of


def agrees(play: Play, mean) -> None:
    """The mean is the plain one of the survivors, to the bound that is told."""
    plain, survivors = play.plain(), play.centre.survivors
    bound = play.quantiser.error(len(survivors), sum(play.samples[key] for key in survivors))
    for name, value in mean.items():
        assert value.dtype == play.reference[name].dtype
        if is_weight(name):
            np.testing.assert_allclose(value, plain[name], rtol=1e-6, atol=bound + 1e-7)
        elif value.dtype.kind == "f":
            np.testing.assert_allclose(value, plain[name], rtol=1e-6)
        else:
            assert value == 15
    assert 0 < bound < 1e-5


@pytest.mark.parametrize(("count", "bits"), [(3, 16), (3, 24), (3, 32), (4, 24), (8, 16), (20, 24)])
def test_the_sum_is_the_plain_one(count, bits):
    play = Play(session_of(count, bits=bits))
    mean = play.run()
    assert play.centre.survivors == names_of(count)
    agrees(play, mean)


@pytest.mark.parametrize("count", [3, 8])
@pytest.mark.parametrize("step", STEPS)
def test_each_hospital_may_be_lost_in_each_step(count, step):
    for lost in names_of(count):
        play = Play(session_of(count), lost={lost: step})
        agrees(play, play.run())
        assert (lost in play.centre.survivors) == (step in ("survivors", "open"))
        assert len(play.centre.survivors) >= count - 1


def test_two_may_be_lost_in_two_steps_where_the_threshold_allows_it():
    play = Play(session_of(8, 5), lost={"hospital_01": "mask", "hospital_06": "open", "hospital_00": "share"})
    agrees(play, play.run())
    assert "hospital_06" in play.centre.survivors


@pytest.mark.parametrize("step", STEPS)
def test_below_the_threshold_nothing_is_opened(step):
    play = Play(session_of(4), lost={"hospital_00": step, "hospital_02": step})
    with pytest.raises(Exception, match=r"share|hospitals|updates"):
        play.run()
    assert not play.centre.openings or step == "open"
    if step == "open":
        assert len(play.centre.openings) == 2, "two shares of three that are needed"


@pytest.mark.parametrize(("count", "threshold", "liar"), [(4, 3, "hospital_01"), (14, 8, "hospital_00")])
def test_a_wrong_share_is_noticed_and_done_without(count, threshold, liar):
    play = Play(session_of(count, threshold))
    for step in STEPS:
        play.step(step)
    wrong = play.centre.openings[liar]
    spoilt = {key: share[:-2] + ("00" if share[-2:] != "00" else "01") for key, share in wrong.seeds.items()}
    play.centre.openings[liar] = replace(wrong, seeds=spoilt)
    agrees(play, play.mean())


def test_too_many_wrong_shares_leave_the_sum_masked():
    play = Play(session_of(3, 3))
    for step in STEPS:
        play.step(step)
    wrong = play.centre.openings["hospital_01"]
    play.centre.openings["hospital_01"] = replace(wrong, seeds=dict.fromkeys(wrong.seeds, "00" * 52))
    with pytest.raises(Unopened, match="do not make up what it announced"):
        play.mean()


def test_an_answer_that_is_no_masked_update_is_refused():
    play = Play()
    for step in STEPS[:2]:
        play.step(step)
    for sent in ({}, {"weights": np.zeros(3, np.uint8)}, {"weights": np.zeros(3), "statistics": np.zeros(3)}):
        with pytest.raises(Unopened, match="no masked update"):
            play.centre.take_masked("hospital_00", sent)
    assert play.centre.survivors == ()


def test_shares_that_are_not_for_everybody_and_a_false_signature_are_refused():
    play = Play()
    play.step("advertise")
    with pytest.raises(Unopened, match="with every hospital"):
        play.centre.take_sealed("hospital_00", {"hospital_01": "00"})
    for step in STEPS[1:3]:
        play.step(step)
    for signature in ("", "00" * 64, "no"):
        with pytest.raises(Unopened, match="did not sign"):
            play.centre.take_signature("hospital_00", signature)
