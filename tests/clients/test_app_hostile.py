"""A centre that asks for what it should not: each message gets a refusal with a code, and leaves nothing behind."""

import json
from dataclasses import replace

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, MessageType, MetricRecord, RecordDict
from flwr.supercore.task_identity import TaskIdentity

from clients import app as clients_app
from clients import handlers
from clients.app import make_client_app
from clients.policy.limits import Policy
from common.model.registry import tensor_shapes
from common.protocol import names as wire
from common.protocol.codec import pack
from tests.support.hospitals import packed
from tests.support.sites import PLAN, sites_of

TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id = 1, 1, 1
TRAIN, EVALUATE, QUERY = MessageType.TRAIN, MessageType.EVALUATE, MessageType.QUERY
MODEL = {name: np.array(array) for name, array in tensor_shapes("resnet18").items()}
CONFIG = {wire.PLAN: PLAN.to_json(), wire.THREADS: 1, wire.ROUND: 1}


def blob(*parts: tuple[str, bytes]) -> ArrayRecord:
    return ArrayRecord({name: Array(np.frombuffer(content, np.uint8)) for name, content in parts})


def manifest(entries) -> ArrayRecord:
    text = entries if isinstance(entries, str) else json.dumps(entries)
    return blob((wire.BLOCK, b"\0" * 16), (wire.MANIFEST, text.encode()))


def config(**changes):
    return {wire.CONFIG: ConfigRecord(CONFIG | {name.replace("_", "-"): value for name, value in changes.items()})}


def model(**changes):
    return {wire.ARRAYS: packed(MODEL | changes)}


SCAFFOLD = replace(
    PLAN,
    train=replace(PLAN.train, optimiser="sgd", momentum=0.0),
    strategy=replace(PLAN.strategy, control_variates=True),
).to_json()
FEDBN = replace(PLAN, strategy=replace(PLAN.strategy, keeps="normalisation")).to_json()
HOSTILE = [
    (QUERY, {wire.CONFIG: ConfigRecord({})}, "PLAN005"),
    (QUERY, {wire.CONFIG: MetricRecord({"plan": 1})}, "PLAN005"),
    (QUERY, {wire.CONFIG: ArrayRecord({"plan": Array(np.zeros(3))})}, "PLAN005"),
    (QUERY, {}, "PLAN005"),
    (QUERY, config(plan="[" * 100_000), "PLAN005"),
    (QUERY, config(plan="[" * 9_000 + "]" * 9_000), "PLAN005"),
    (QUERY, config(plan="1" * 9_000), "PLAN005"),
    (QUERY, config(plan="null"), "PLAN005"),
    (QUERY, config(plan=b"{}"), "PLAN005"),
    (QUERY, config(plan=PLAN.to_json().replace('"seed": 42', '"seed": 1' + "0" * 30)), "CONF010"),
    (QUERY, config(plan=PLAN.to_json().replace('"rounds": 2', '"rounds": 0')), "CONF010"),
    (TRAIN, config(server_round=0), "PLAN005"),
    (TRAIN, config(server_round=3), "PLAN005"),
    (TRAIN, config(server_round="1"), "PLAN005"),
    (TRAIN, config(server_round=1.0), "PLAN005"),
    (TRAIN, config(server_round=True), "PLAN005"),
    (TRAIN, config(threads=-1), "PLAN005"),
    (TRAIN, config(threads=2**40), "PLAN005"),
    (TRAIN, config(threads=10**9), "POLICY001"),
    (TRAIN, config(run="../../../etc/cron.d"), "PLAN005"),
    (TRAIN, config(run="../" * 10 + "ab"), "PLAN005"),
    (TRAIN, config(run="A" * 32), "PLAN005"),
    (TRAIN, config(run="a" * 31 + "\n"), "PLAN005"),
    (TRAIN, config(run=7), "PLAN005"),
    (TRAIN, config(own_round=-1), "PLAN005"),
    (TRAIN, config(hold_round=10**9), "PLAN005"),
    (TRAIN, config(pool="phantom_kolkata"), "PLAN004"),
    (TRAIN, config(pool=["phantom_kolkata"]), "PLAN004"),
    (TRAIN, config(pool=[1, 2]), "PLAN005"),
    (TRAIN, config(split="val"), "PLAN005"),
    (EVALUATE, config(), "PLAN005"),
    (EVALUATE, config(split="train"), "PLAN005"),
    (EVALUATE, config(split="val", temperature=float("nan")), "PLAN005"),
    (EVALUATE, config(split="val", temperature=float("inf")), "PLAN005"),
    (EVALUATE, config(split="val", temperature="1"), "PLAN005"),
    (EVALUATE, config(split="val", temperature=1e9), "PLAN003"),
    (TRAIN, {wire.ARRAYS: ArrayRecord({})}, "PLAN006"),
    (TRAIN, {wire.ARRAYS: ConfigRecord({"block": 3})}, "PLAN006"),
    (TRAIN, {wire.ARRAYS: manifest([["a", "float32", [10**15]]])}, "PLAN006"),
    (TRAIN, {wire.ARRAYS: manifest([["a", "object", [1]]])}, "PLAN006"),
    (TRAIN, {wire.ARRAYS: manifest([["a", "float32", 4]])}, "PLAN006"),
    (TRAIN, {wire.ARRAYS: manifest([["a", ["float32"], [4]]])}, "PLAN006"),
    (TRAIN, {wire.ARRAYS: manifest([["../../a\x1b[2J", "float32", [4]]])}, "PLAN006"),
    (TRAIN, {wire.ARRAYS: manifest("[" * 50_000)}, "PLAN006"),
    (TRAIN, {wire.ARRAYS: manifest('{"a": 1}')}, "PLAN006"),
    (TRAIN, {wire.ARRAYS: blob((wire.BLOCK, b""), (wire.MANIFEST, b"\xff\xfe"))}, "PLAN006"),
    (TRAIN, {wire.ARRAYS: ArrayRecord({"x": Array(np.zeros(2 * 10**8, np.uint8))})}, "PLAN006"),
    (TRAIN, model(**{"fc.bias": np.zeros(5, np.float32)}), "PLAN006"),
    (TRAIN, model(**{"fc.bias": np.zeros(4, np.float64)}), "PLAN006"),
    (TRAIN, model(**{"fc.bias": np.full(4, np.nan, np.float32)}), "PLAN006"),
    (TRAIN, model(another=np.zeros(4, np.float32)), "PLAN006"),
    (TRAIN, config(plan=FEDBN, run="a" * 32), "PLAN003"),
    (TRAIN, {wire.CONTROL: packed({"fc.bias": np.zeros(4, np.float32)})}, "PLAN006"),
    (TRAIN, config(plan=SCAFFOLD, run="b" * 32) | {wire.CONTROL: packed({"x": np.zeros(4)})}, "PLAN006"),
    (TRAIN, {"more": ArrayRecord({"x": Array(np.zeros(2 * 10**8, np.uint8))})}, "PLAN006"),
]


@pytest.fixture(scope="module")
def app(phantoms, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    site = replace(sites_of(phantoms, folder / "cache")[0], policy=Policy(), home=folder)
    return make_client_app(lambda _: site), folder


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_message_is_refused_with_a_code_and_leaves_nothing(app, number, monkeypatch, caplog):
    kind, changes, code = HOSTILE[number]
    monkeypatch.setattr("clients.prepared.prepare", lambda *_, **__: pytest.fail("a slice was read"))
    records = config() | ({} if kind == QUERY else {wire.ARRAYS: packed(MODEL)}) | changes
    if not changes:
        records = {}
    client, folder = app
    message = Message(RecordDict(records), dst_node_id=1, message_type=kind)
    answer = client(message, Context(number + 1, 1, {}, RecordDict(), {})).content
    assert answer[wire.REFUSAL]["code"] == code, answer[wire.REFUSAL]
    assert all(line.isprintable() and len(line) < 500 for line in caplog.messages)
    left = {path.name for path in folder.rglob("*")}
    assert left <= {"cache", "policy", "phantom_jaipur.json", "phantom_jaipur.lock"}


def test_what_the_policy_refuses_is_explained_at_the_centre_and_nothing_else_is(app):
    client, _ = app

    def refusal(plan):
        records = {wire.CONFIG: ConfigRecord(CONFIG | {wire.PLAN: plan})}
        message = Message(RecordDict(records), dst_node_id=1, message_type=QUERY)
        return client(message, Context(999, 1, {}, RecordDict(), {})).content[wire.REFUSAL]

    said = refusal(replace(PLAN, train=replace(PLAN.train, batch_size=2)).to_json())
    assert (
        said["sentence"]
        == "train.batch_size=2 is outside this hospital's policy; train.batch_size takes 8 to 512 here."
    )
    assert refusal("no plan")["sentence"] == "see Phantom Jaipur's own log"


def test_the_set_up_for_reading_images_out_of_gradients_is_refused_at_every_message(phantoms, tmp_path):
    site = replace(sites_of(phantoms, tmp_path)[0], policy=Policy())
    few = replace(PLAN, data=replace(PLAN.data, max_per_class=6, val_fraction=0.4, test_fraction=0.4))
    for run, kind in enumerate((QUERY, TRAIN, EVALUATE)):
        settings = CONFIG | {wire.PLAN: few.to_json()} | ({wire.SPLIT: "val"} if kind == EVALUATE else {})
        records = {wire.CONFIG: ConfigRecord(settings)}
        records |= {} if kind == QUERY else {wire.ARRAYS: packed(MODEL)}
        message = Message(RecordDict(records), dst_node_id=1, message_type=kind)
        answer = make_client_app(lambda _: site)(message, Context(run, 1, {}, RecordDict(), {})).content
        assert answer[wire.REFUSAL]["code"] == "POLICY002"


def test_fingerprints_stay_here_where_the_policy_says_so(phantoms, tmp_path):
    site = replace(
        sites_of(phantoms, tmp_path)[0], fingerprint_key=tmp_path / "none", policy=Policy(fingerprints=False)
    )
    assert handlers.fingerprints(site, PLAN) is None


def test_a_packed_model_of_the_right_shapes_is_no_hostile_one():
    assert set(pack(MODEL)) == {wire.BLOCK, wire.MANIFEST}


def test_settings_that_are_gone_are_said_without_their_place(tmp_path):
    """Flower sends the centre the text of whatever a ClientApp raises."""
    context = Context(
        run_id=1, node_id=1, node_config={"site-file": str(tmp_path / "site.yaml")}, state=RecordDict(), run_config={}
    )
    message = Message(RecordDict({}), dst_node_id=1, message_type=MessageType.QUERY)
    with pytest.raises(RuntimeError, match="settings cannot be read") as raised:
        clients_app.app(message, context)
    assert str(tmp_path) not in str(raised.value)
    assert raised.value.__suppress_context__
