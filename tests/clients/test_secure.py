"""A hospital's part in secure aggregation through the real app: real records, its own files, a centre that lies."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, MessageType, RecordDict
from flwr.supercore.task_identity import TaskIdentity

from clients import handlers, secure
from clients.app import make_client_app
from clients.policy.limits import Policy
from common.config.privacy import PrivacyPlan
from common.config.strategies import StrategyPlan
from common.keys import new_shared_key
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.protocol import names as wire
from common.protocol.codec import pack
from common.protocol.digest import digest_of
from common.protocol.messages import ExtraPayload, LocalStateRef, Task, task_records
from common.secagg.centre import Centre
from common.secagg.quantise import Quantiser
from common.secagg.session import Answer, Question, Session, from_text, to_text
from tests.support.sites import PLAN, sites_of

TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id = 1, 1, 1
KEYS = ["phantom_jaipur", "phantom_hyderabad", "phantom_kolkata"]
SECURE = replace(PLAN, privacy=PrivacyPlan("secagg", 24, 2, KEYS))
TOKEN = "0123456789abcdef" * 2


class Ward:
    """Three hospitals behind their apps, and a centre by hand."""

    def __init__(self, phantoms, folder, **changes):
        new_shared_key(folder / "shared.key")
        self.sites = [
            replace(site, fingerprint_key=folder / "shared.key", cache_dir=folder / site.hospital.key, **changes)
            for site in sites_of(phantoms, folder)
        ]
        self.arrays = arrays_from_state(initial_weights("resnet18", 1))
        self.session = Session(TOKEN, 1, 1, SECURE.sha256, digest_of(self.arrays), tuple(KEYS), 2, 24, 1000, 100)
        self.restart()
        self.begin()

    def restart(self):
        """Every hospital's process ends; another one answers from now on."""
        self.app = make_client_app(lambda context: self.sites[int(context.node_config["partition-id"])])

    def begin(self, **changes):
        self.session = msgspec.structs.replace(self.session, **changes)
        rate = PLAN.train.lr
        self.centre = Centre(self.session, Quantiser.of(self.arrays, self.session, PLAN.train, rate).parts)

    def ask(self, number, question, plan=SECURE, kind=f"query.{wire.SECAGG}", records=None):
        records = records or {
            wire.CONFIG: {wire.PLAN: plan.to_json()},
            wire.SECAGG: {wire.JSON: to_text(question) if not isinstance(question, str) else question},
        }
        content = RecordDict(
            {
                name: ArrayRecord({key: Array(np.asarray(value)) for key, value in record.items()})
                if name == wire.ARRAYS
                else ConfigRecord(dict(record))
                for name, record in records.items()
            }
        )
        message = Message(content, dst_node_id=number + 1, message_type=kind)
        message.metadata.__dict__["_message_id"] = "1"
        context = Context(1, number + 1, {"partition-id": number}, RecordDict(), {})
        return self.app(message, context).content

    def said(self, number, question, **how):
        content = self.ask(number, question, **how)
        assert wire.REFUSAL not in content, content.get(wire.REFUSAL)
        return from_text(content[wire.SECAGG][wire.JSON], Answer)

    def refused(self, number, question, **how):
        record = self.ask(number, question, **how)[wire.REFUSAL]
        return f"{record['code']}: {record['sentence']}"

    def advertise(self):
        for number, key in enumerate(KEYS):
            self.centre.adverts[key] = self.said(number, Question("advertise", self.session)).advert

    def share(self):
        for number, key in enumerate(KEYS):
            said = self.said(number, Question("share", self.session, adverts=self.centre.roster))
            self.centre.take_sealed(key, said.sealed)

    def train(self, number, secure_text=None, plan=SECURE):
        sealed = self.centre.sealed_for(KEYS[number]) if self.centre.sealed else {}
        text = to_text(Question("mask", self.session, sealed=sealed)) if secure_text is None else secure_text
        task = Task(plan, self.session.round, self.arrays, 1, ExtraPayload(LocalStateRef(TOKEN)), secure=text)
        return self.ask(number, "", kind=MessageType.TRAIN, records=task_records(task, pack(self.arrays), {}))


@pytest.fixture
def ward(phantoms, tmp_path):
    return Ward(phantoms, tmp_path)


def masked(content):
    return {name: array.numpy() for name, array in content[wire.ARRAYS].items()}


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
    def attempt(hospitals, number):
        ward.begin(attempt=number)
        ward.advertise()
        ward.share()
        for each in hospitals:
            ward.centre.take_masked(KEYS[each], masked(ward.train(each)))

    attempt((0, 1, 2), 1)
    survivors = ward.centre.survivors
    for number, key in enumerate(KEYS):
        said = ward.said(number, Question("survivors", ward.session, survivors=survivors))
        ward.centre.take_signature(key, said.signature)
    for number, key in enumerate(KEYS):
        said = ward.said(number, Question("open", ward.session, signatures=ward.centre.signatures))
        ward.centre.openings[key] = said.opening
    assert ward.centre.opened()
    ward.restart()
    assert ward.refused(
        0, Question("advertise", msgspec.structs.replace(ward.session, attempt=1, total=999))
    ).startswith("SECAGG003")
    attempt((0, 1), 2)
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
