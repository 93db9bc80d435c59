"""A hospital's part in secure aggregation through the real app: real records, its own files, a centre that lies."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from flwr.app import MessageType

from clients import handlers, secure
from clients.policy.limits import Policy
from common.config.strategies import StrategyPlan
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.protocol import names as wire
from common.secagg.session import Question, to_text
from tests.support.sites import PLAN
from tests.support.ward import KEYS, SECURE, TOKEN, Ward, masked


@pytest.fixture
def ward(phantoms, tmp_path):
    return Ward(phantoms, tmp_path)


def test_an_answer_that_was_lost_is_given_again_to_the_bit_by_another_process(ward, monkeypatch):
    ward.advertise()
    ward.restart()
    ward.advertise()
    ward.share()
    first = masked(ward.train(0))
    ward.restart()
    again = masked(ward.train(0))
    assert all(np.array_equal(part, again[name]) for name, part in first.items())
    assert set(first) == {"weights", "statistics"}, "nothing else leaves"
    train = handlers.train
    monkeypatch.setattr(handlers, "train", lambda site, task: train(site, replace(task, server_round=2)))
    refusal = ward.train(0)[wire.REFUSAL]
    assert refusal["code"] == "SECAGG003"
    assert "would let the centre subtract" in refusal["sentence"]


def test_a_model_that_was_made_for_one_hospital_is_not_trained(ward, monkeypatch):
    """With models whose training moves nothing at the others, the sum would be one hospital's update."""
    ward.advertise()
    ward.share()
    ward.arrays = arrays_from_state(initial_weights("resnet18", 2))
    monkeypatch.setattr(handlers, "train", lambda *_: pytest.fail("it was trained"))
    refusal = ward.train(0)[wire.REFUSAL]
    assert refusal["code"] == "SECAGG004"
    assert "another model" in refusal["sentence"]


def test_control_variates_that_were_made_for_one_hospital_are_not_trained_with(ward):
    """A model that is the same for all is not enough: these, too, say what comes out of a training."""
    train = replace(PLAN.train, optimiser="sgd", momentum=0.0)
    scaffold = replace(SECURE, strategy=StrategyPlan(control_variates=True), train=train)
    ward.begin(plan_sha256=scaffold.sha256)
    assert ward.refused(0, Question("advertise", ward.session), plan=scaffold).startswith("CONF010")


def test_what_a_hospital_remembers_is_on_its_own_disk_for_nobody_else(ward):
    ward.advertise()
    path = ward.sites[0].cache_dir / "runs" / TOKEN / KEYS[0] / secure.MEMORY
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("{")
    assert ward.refused(0, Question("advertise", ward.session)).startswith("STORE002")
    assert str(path) not in ward.refused(0, Question("advertise", ward.session)), "no folder is told"


def test_a_centre_in_the_middle_is_told_whose_keys_are_false(ward):
    ward.advertise()
    ward.centre.adverts[KEYS[1]] = msgspec.structs.replace(ward.centre.adverts[KEYS[1]], mask_key="11" * 32)
    said = ward.refused(0, Question("share", ward.session, adverts=ward.centre.roster))
    assert said.startswith(f"SECAGG002: The keys that came as those of {KEYS[1]} are not authenticated")


def test_another_attempt_after_the_sum_was_opened_cannot_leave_a_hospital_out(ward):
    ward.attempt((0, 1, 2), 1)
    assert ward.opened()
    ward.restart()
    assert ward.refused(
        0, Question("advertise", msgspec.structs.replace(ward.session, attempt=1, total=999))
    ).startswith("SECAGG003")
    ward.attempt((0, 1), 2)
    said = ward.refused(0, Question("survivors", ward.session, survivors=tuple(KEYS[:2])))
    assert said.startswith("SECAGG004")
    assert "the centre could subtract" in said


def test_a_training_without_keys_or_of_another_attempt_is_refused_before_it_is_done(ward, monkeypatch):
    ward.advertise()
    ward.share()
    monkeypatch.setattr("clients.handlers.train", lambda *_: pytest.fail("it was trained"))
    assert ward.train(0, secure_text="")[wire.REFUSAL]["code"] == "SECAGG003"
    assert ward.train(0, secure_text="[[[")[wire.REFUSAL]["code"] == "SECAGG003"
    other = msgspec.structs.replace(ward.session, attempt=7)
    assert ward.train(0, to_text(Question("mask", other)))[wire.REFUSAL]["code"] == "SECAGG003"
    plain = ward.train(0, to_text(Question("mask", ward.session)), plan=PLAN)
    assert plain[wire.REFUSAL]["code"] == "SECAGG003"


def test_terms_that_the_plan_does_not_have_are_refused(ward):
    for changes in ({"threshold": 3}, {"bits": 16}, {"hospitals": tuple(KEYS[:2])}, {"plan_sha256": "00" * 32}):
        question = Question("advertise", msgspec.structs.replace(ward.session, **changes))
        assert ward.refused(0, question).startswith("SECAGG004"), changes
    assert ward.refused(0, Question("advertise", ward.session), plan=PLAN).startswith("SECAGG004")
    assert ward.refused(0, Question("mask", ward.session)).startswith("SECAGG003")


def test_a_hospital_that_is_told_of_fewer_slices_or_steps_than_it_has_sends_nothing(ward):
    for number, changes in enumerate(({"total": 3}, {"steps": 1, "total": 1000}), 2):
        ward.begin(attempt=number, **changes)
        ward.advertise()
        ward.share()
        refusal = ward.train(2)[wire.REFUSAL]
        assert refusal["code"] == "SECAGG006", refusal


def test_how_far_an_update_is_too_long_stays_in_the_hospitals_own_log(ward, monkeypatch, caplog):
    """A centre chooses the model, and could make a length of one hospital's update known by one that trains badly."""
    ward.advertise()
    ward.share()
    train = handlers.train

    def far(site, task):
        trained, result = train(site, task)
        return trained | {"fc.weight": trained["fc.weight"] + np.float32(3.21)}, result

    monkeypatch.setattr(handlers, "train", far)
    refusal = ward.train(0)[wire.REFUSAL]
    assert refusal["code"] == "SECAGG006"
    assert refusal["sentence"] == (
        "This hospital sends no update of round 1: it is none, or longer than training makes it; see its own log."
    )
    assert "its update of fc.weight is" in caplog.text


def test_a_hospital_without_the_shared_key_says_so_when_the_run_begins(ward):
    ward.sites = [replace(site, fingerprint_key=None) for site in ward.sites]
    records = {wire.CONFIG: {wire.PLAN: SECURE.to_json()}}
    refusal = ward.ask(0, "", kind=MessageType.QUERY, records=records)[wire.REFUSAL]
    assert refusal["code"] == "SECAGG001"
    assert "Phantom Jaipur has no key in common with the other hospitals" in refusal["sentence"]


def test_a_policy_may_ask_for_it(phantoms, tmp_path):
    ward = Ward(phantoms, tmp_path, policy=Policy(privacy="secagg", min_train_slices=2))
    records = {wire.CONFIG: {wire.PLAN: PLAN.to_json()}}
    refusal = ward.ask(0, "", kind=MessageType.QUERY, records=records)[wire.REFUSAL]
    assert (refusal["code"], "privacy=none" in refusal["sentence"]) == ("POLICY001", True)
    ward.advertise()


@pytest.mark.parametrize("text", ["", "{}", "null", "[" * 5000, '{"step": "open"}', "x" * 300_000])
def test_a_question_that_is_none_is_refused(ward, text):
    assert ward.refused(0, text).startswith("SECAGG003")
