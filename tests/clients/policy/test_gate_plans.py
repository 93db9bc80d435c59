"""10,000 plans of a centre that asks for anything: none that is outside the policy is answered."""

import copy
import itertools
import json
import random
from dataclasses import asdict, replace

from flwr.app import ConfigRecord, Context, Message, MessageType, RecordDict
from flwr.supercore.task_identity import TaskIdentity

from clients import handlers
from clients.app import make_client_app
from clients.policy.check import check_plan
from clients.policy.limits import Policy
from common.errors import InputError
from common.protocol import names as wire
from common.protocol.plan import Plan
from tests.support.descriptions import description
from tests.support.sites import PLAN, sites_of

TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id = 1, 1, 1
PLANS = 10_000
POLICY = Policy(rounds_a_day=10**6, strategies=("fedavg", "fedbn"), optimisers=("adam",))

WHOLE = [0, 1, 2, 3, 4, 7, 8, 16, 20, 21, 31, 32, 64, 224, 500, 501, 512, 513, 1024, 10**9, -1, 2**63, 10**400]
SHARES = [0.0, -0.0, 1e-9, 1e-6, 1e-3, 0.02, 0.05, 0.1, 0.15, 0.4, 0.5, 1.0, 5.0, 10.0, 180.0, 1e300]
SHARES += [float("nan"), float("inf"), -1.0]
OTHERS = [None, True, False, "", "adam", "sgd", "resnet18", "nothing", "normalisation", "everything", "../../etc"]
OTHERS += ["\x1b[2J", "x" * 5000, [], [1, 2], {}, {"a": {}}, [[[[]]]], "glioma"]
MISSING = object()


def paths(plan, prefix=()):
    for name, value in plan.items():
        yield (*prefix, name)
        if isinstance(value, dict):
            yield from paths(value, (*prefix, name))


def plans(seed: int):
    """Plans in which none to six values are others: usual ones, extreme ones, of another type, or gone."""
    chance = random.Random(seed)
    usual = asdict(PLAN)
    places = list(paths(usual))
    for _ in range(PLANS):
        plan = copy.deepcopy(usual)
        for place in chance.sample(places, chance.choice((0, 1, 1, 1, 2, 3, 6))):
            part = plan
            for name in place[:-1]:
                part = part.get(name) if isinstance(part, dict) else None
            if not isinstance(part, dict):
                continue
            old = part.get(place[-1])
            alike = {bool: [True, False], int: WHOLE, float: SHARES}.get(type(old), OTHERS)
            anything = [*WHOLE, *SHARES, *OTHERS, MISSING]
            new = chance.choice(alike if chance.random() < 0.9 else anything)
            part[place[-1]] = copy.deepcopy(new) if new is not MISSING else None
            if new is MISSING:
                del part[place[-1]]
        if chance.random() < 0.02:
            plan[chance.choice(["pool", "\x1b[31m", "a" * 3000])] = 1
        yield json.dumps(plan)


def is_within(plan: dict) -> bool:
    """The policy once more, written by another hand: with every rule of it as plain comparisons."""
    train, data, strategy, augment = plan["train"], plan["data"], plan["strategy"], plan["train"]["augment"]
    return all(
        (
            plan["model"] == {"name": "resnet18"},
            1 <= plan["rounds"] <= 500,
            8 <= train["batch_size"] <= 512,
            1 <= train["local_epochs"] <= 20,
            1e-6 <= train["lr"] <= 0.1,
            train["optimiser"] == "adam",
            32 <= data["image_size"] <= 512,
            data["max_per_class"] is None or data["max_per_class"] * 4 >= 20,
            data["val_fraction"] + data["test_fraction"] < 0.9,
            strategy["control_variates"] is False,
            strategy["proximal_mu"] == 0,
            strategy["keeps"] in ("nothing", "normalisation"),
            augment["flip"] is True,
            augment["rotation_degrees"] >= 5 or augment["shift_fraction"] >= 0.02 or augment["scale_fraction"] >= 0.05,
        )
    )


def refusal_of(text: str) -> str:
    """Return the code with which a plan is refused, or nothing."""
    try:
        check_plan(Plan.from_json(text), POLICY)
    except InputError as refusal:
        fits_a_screen = refusal.sentence.isprintable() and len(refusal.sentence) < 400
        return refusal.code if fits_a_screen else f"unfit: {refusal.sentence}"
    return ""


def test_no_plan_outside_the_policy_passes():
    codes: dict[str, int] = {}
    for text in plans(17):
        code = refusal_of(text)
        codes[code] = codes.get(code, 0) + 1
        assert code or is_within(json.loads(text)), text
    assert all(codes[code] > 200 for code in ("", "POLICY001", "PLAN001", "CONF010")), codes
    assert not any(code.startswith("unfit") for code in codes)


def test_the_app_answers_those_alone(phantoms, tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(handlers, "describe", lambda site, plan: told.append(plan) or description("phantom_jaipur"))
    monkeypatch.setattr("clients.policy.gate.make_room_for_slices", lambda *_: None)
    site = replace(sites_of(phantoms, tmp_path)[0], policy=POLICY)
    app = make_client_app(lambda _: site)
    for run, text in enumerate(itertools.islice(plans(18), 0, PLANS, 100)):
        content = RecordDict({wire.CONFIG: ConfigRecord({wire.PLAN: text})})
        message = Message(content, dst_node_id=1, message_type=MessageType.QUERY)
        answer = app(message, Context(run, 1, {}, RecordDict(), {})).content
        assert str(answer[wire.REFUSAL]["code"] if wire.REFUSAL in answer else "") == refusal_of(text), text
    assert 5 < len(told) < 95
