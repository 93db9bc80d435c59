"""The coding of what travels, through the whole chain: what each side reads, what it keeps, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from common.config.settings import CODINGS, WirePlan
from common.errors import RunError
from common.protocol.codec import payload_bytes
from common.protocol.postprocess import StepState, UnusableAnswer, UpdateContext, chain_of
from tests.support.hospitals import PLAN

COARSE = CODINGS[2:]
CODED = CODINGS[1:]
LR, STEPS = 0.01, 2


def plan_of(coding: str, **train):
    return replace(PLAN, wire=WirePlan(coding), train=replace(PLAN.train, **({"lr": LR} | train)))


def model(seed: int = 0):
    rng = np.random.default_rng(seed)
    return {
        "conv.weight": rng.standard_normal((16, 8, 3, 3), np.float32),
        "bn.weight": np.ones(16, np.float32),
        "bn.running_mean": np.zeros(16, np.float32),
        "bn.running_var": np.ones(16, np.float32),
        "bn.num_batches_tracked": np.array(3, np.int64),
    }


def trained(before, seed: int = 1, way: float = LR):
    rng = np.random.default_rng(seed)
    moved = {name: array + way * rng.uniform(-1, 1, array.shape).astype(array.dtype) for name, array in before.items()}
    counter = {"bn.num_batches_tracked": before["bn.num_batches_tracked"] + STEPS}
    return {name: np.asarray(array, before[name].dtype) for name, array in (moved | counter).items()}


class Kept(dict):
    """What a side keeps."""

    def of(self, step: str) -> StepState:
        return StepState(lambda: self.get(step, {}), lambda arrays: self.update({step: arrays}))


def context(plan, before, kept=None, number: int = 1) -> UpdateContext:
    return UpdateContext(plan, number, "a", 4, STEPS, before, (Kept() if kept is None else kept).of)


def same(one, other) -> bool:
    return list(one) == list(other) and all(one[name].tobytes() == other[name].tobytes() for name in one)


def test_lossless_is_the_update_to_the_bit_and_nobody_keeps_anything():
    plan, before, kept = plan_of("lossless"), model(), Kept()
    after = trained(before)
    sent = chain_of(plan).at_hospital(after, context(plan, before, kept))
    assert same(chain_of(plan).at_server(sent, context(plan, before)), after)
    assert same(chain_of(plan).on_average(after, context(plan, before, kept)), after)
    assert not kept


@pytest.mark.parametrize("coding", COARSE)
def test_weights_are_near_statistics_and_counters_exact_and_less_travels(coding):
    plan, before = plan_of(coding), model()
    after = trained(before)
    sent = chain_of(plan).at_hospital(after, context(plan, before))
    read = chain_of(plan).at_server(sent, context(plan, before))
    for name in ("bn.running_mean", "bn.running_var", "bn.num_batches_tracked"):
        assert read[name].tobytes() == after[name].tobytes()
    np.testing.assert_allclose(read["conv.weight"], after["conv.weight"], atol=LR / 13)
    assert payload_bytes(sent) < {"bfloat16": 0.6, "int8": 0.35, "int4": 0.2}[coding] * payload_bytes(after)


@pytest.mark.parametrize("coding", CODED)
def test_what_hospitals_read_is_the_new_global_model_to_the_bit(coding):
    plan, before = plan_of(coding), model()
    server = chain_of(plan)
    new = server.on_average(trained(before), context(plan, before))
    sent = server.to_hospitals(before, new)
    assert same(chain_of(plan).from_server(sent, before), new)
    read = chain_of(plan).from_server(sent, dict(sorted(before.items(), reverse=True)))
    assert same({name: read[name] for name in new}, new), "whatever the order of the tensors"
    if coding in COARSE:
        assert server.to_hospitals(before, dict(new)) == {}, "of another model there is no difference"
        assert chain_of(plan).to_hospitals(before, new) == {}, "nor after the server was started again"


@pytest.mark.parametrize("coding", COARSE)
def test_what_is_lost_comes_with_the_next_round_at_both_ends(coding):
    plan, before = plan_of(coding), model()
    hospital, server = Kept(), Kept()
    read, asked = before, np.zeros_like(before["conv.weight"])
    for number in range(1, 9):
        after = trained(read, number)
        asked += after["conv.weight"] - read["conv.weight"]
        sent = chain_of(plan).at_hospital(after, context(plan, read, hospital, number))
        arrived = chain_of(plan).at_server(sent, context(plan, read, number=number))
        read = chain_of(plan).on_average(arrived, context(plan, read, server, number))
    lost = [kept["wire"]["lost"][-asked.size :].reshape(asked.shape) for kept in (hospital, server)]
    np.testing.assert_allclose(read["conv.weight"] + sum(lost), before["conv.weight"] + asked, atol=3e-6)


@pytest.mark.parametrize("coding", COARSE)
def test_an_honest_update_is_within_the_bounds_although_it_brings_what_was_lost(coding):
    """One step of Adam goes exactly as far as is allowed, and the rate falls by a thousand from round to round."""
    before, kept = model(), Kept()
    for number, rate in ((1, LR), (2, LR / 1000)):
        plan = plan_of(coding)
        way = np.random.default_rng(number).choice([-1.0, 1.0, 0.4], before["conv.weight"].shape)
        after = trained(before, way=0) | {"conv.weight": (before["conv.weight"] + rate * way).astype(np.float32)}
        told = replace(context(plan, before, kept, number), steps=1, rates=[rate])
        after["bn.num_batches_tracked"] = before["bn.num_batches_tracked"] + 1
        sent = chain_of(plan).at_hospital(after, told)
        before = chain_of(plan).at_server(sent, told)


@pytest.mark.parametrize("coding", CODED)
def test_an_update_that_training_cannot_have_made_is_refused_as_ever(coding):
    plan, before = plan_of(coding), model()
    for after, says in (
        (trained(before, way=10 * LR), "as large as 2 steps"),
        (trained(before) | {"bn.num_batches_tracked": np.array(9)}, "did not grow"),
        (trained(before) | {"bn.running_var": np.full(16, -1, np.float32)}, "negative variances"),
        (trained(before) | {"conv.weight": np.full_like(before["conv.weight"], np.nan)}, "not finite"),
        (trained(before) | {"conv.weight": np.full_like(before["conv.weight"], np.inf)}, "not finite"),
    ):
        sent = chain_of(plan).at_hospital(after, context(plan, before))
        with pytest.raises(UnusableAnswer, match=says):
            chain_of(plan).at_server(sent, context(plan, before))


@pytest.mark.parametrize("coding", CODED)
def test_what_cannot_be_decoded_is_refused(coding):
    plan, before = plan_of(coding), model()
    chain = chain_of(plan)
    whole = chain_of(PLAN).at_hospital(trained(before), context(PLAN, before))
    for sent in ({}, whole, chain.at_hospital(trained(before), context(plan, before)) | {"block": whole["block"][:50]}):
        with pytest.raises(UnusableAnswer, match=r"cannot be decoded|holds no model"):
            chain.at_server(sent, context(plan, before))


@pytest.mark.parametrize("coding", COARSE)
def test_a_hospital_that_lost_what_its_coding_lost_goes_on_without(coding, caplog):
    def gone():
        raise RunError("STORE002", "It is gone.")

    plan, before = plan_of(coding), model()
    told = replace(context(plan, before), state_of=lambda step: StepState(gone, lambda arrays: None))
    sent = chain_of(plan).at_hospital(trained(before), told)
    assert same(sent, chain_of(plan).at_hospital(trained(before), context(plan, before)))
    assert "as if nothing had been lost" in caplog.text


def test_of_a_model_that_stays_at_the_hospital_nothing_is_coded():
    for coding in CODED:
        plan = plan_of(coding)
        assert chain_of(plan).at_hospital({}, context(plan, {})) == {}
        assert chain_of(plan).at_server({}, context(plan, {})) == {}
