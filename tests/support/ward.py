"""Three hospitals behind their apps, and a centre by hand that takes them through secure aggregation."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, MessageType, RecordDict
from flwr.supercore.task_identity import TaskIdentity

from clients.app import make_client_app
from common.config.privacy import PrivacyPlan
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
from common.training.optim import highest_rate
from tests.support.sites import PLAN, sites_of

TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id = 1, 1, 1
KEYS = ["phantom_jaipur", "phantom_hyderabad", "phantom_kolkata"]
SECURE = replace(PLAN, privacy=PrivacyPlan("secagg", 24, 2, KEYS))
TOKEN = "0123456789abcdef" * 2


class Ward:
    """Three hospitals behind their apps, and a centre by hand."""

    def __init__(self, phantoms, folder, plan=SECURE, **changes):
        self.plan = plan
        new_shared_key(folder / "shared.key")
        self.sites = [
            replace(site, fingerprint_key=folder / "shared.key", cache_dir=folder / site.hospital.key, **changes)
            for site in sites_of(phantoms, folder)
        ]
        self.arrays = arrays_from_state(initial_weights(plan.model.name, 1))
        model, privacy = digest_of(self.arrays), plan.privacy
        self.session = Session(TOKEN, 1, 1, plan.sha256, model, tuple(KEYS), privacy.threshold, privacy.bits, 1000, 100)
        if plan.dp.is_used:
            self.session = msgspec.structs.replace(self.session, total=len(KEYS), steps=1, noise=plan.dp.noise)
        self.restart()
        self.begin()

    def restart(self):
        """Every hospital's process ends; another one answers from now on."""
        self.app = make_client_app(lambda context: self.sites[int(context.node_config["partition-id"])])

    def begin(self, **changes):
        self.session = msgspec.structs.replace(self.session, **changes)
        train = self.plan.train
        rate = highest_rate(train, self.session.round, self.plan.rounds, self.plan.dp)
        self.quantiser = Quantiser.of(self.arrays, self.session, train, rate, self.plan.dp)
        self.centre = Centre(self.session, self.quantiser.parts)

    def ask(self, number, question, plan=None, kind=f"query.{wire.SECAGG}", records=None):
        records = records or {
            wire.CONFIG: {wire.PLAN: (plan or self.plan).to_json()},
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
        """Keys."""
        for number, key in enumerate(KEYS):
            self.centre.adverts[key] = self.said(number, Question("advertise", self.session)).advert

    def share(self):
        """Sealed shares."""
        for number, key in enumerate(KEYS):
            said = self.said(number, Question("share", self.session, adverts=self.centre.roster))
            self.centre.take_sealed(key, said.sealed)

    def train(self, number, secure_text=None, plan=None):
        task = self.task(number, secure_text, plan)
        return self.ask(number, "", kind=MessageType.TRAIN, records=task_records(task, pack(self.arrays), {}))

    def task(self, number, secure_text=None, plan=None):
        """What a hospital is asked to train."""
        sealed = self.centre.sealed_for(KEYS[number]) if self.centre.sealed else {}
        text = to_text(Question("mask", self.session, sealed=sealed)) if secure_text is None else secure_text
        ref = ExtraPayload(LocalStateRef(TOKEN))
        return Task(plan or self.plan, self.session.round, self.arrays, 1, ref, secure=text)

    def attempt(self, hospitals, number, **changes):
        """Another attempt, up to the masked updates of some hospitals."""
        self.begin(attempt=number, **changes)
        self.advertise()
        self.share()
        for each in hospitals:
            content = self.train(each)
            assert wire.REFUSAL not in content, content.get(wire.REFUSAL)
            self.centre.take_masked(KEYS[each], masked(content))

    def opened(self):
        """Let those whose updates arrived sign and open; return the sum."""
        survivors = self.centre.survivors
        for key in survivors:
            said = self.said(KEYS.index(key), Question("survivors", self.session, survivors=survivors))
            self.centre.take_signature(key, said.signature)
        for key in survivors:
            said = self.said(KEYS.index(key), Question("open", self.session, signatures=self.centre.signatures))
            self.centre.openings[key] = said.opening
        return self.centre.opened()


def masked(content):
    """What a hospital sent."""
    return {name: array.numpy() for name, array in content[wire.ARRAYS].items()}
