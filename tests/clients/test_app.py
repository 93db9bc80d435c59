"""The ClientApp's messages: numbers only, whatever happens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MessageType, MetricRecord, RecordDict
from flwr.supercore.task_identity import TaskIdentity
from msgspec.structs import replace as replace_struct

from clients import handlers
from clients.app import make_client_app
from clients.site import Site
from common.artifacts.ledger.hospital_record import read_record
from common.data.decode import decode_rgb
from common.data.prepare import prepare
from common.errors import InputError
from common.keys import is_signed, load_shared_key, new_private_key, new_shared_key, public_line
from common.metrics.intervals import REPLICATES
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.overlap.fingerprints import Fingerprints, key_mark
from common.protocol import names as wire
from common.protocol.codec import payload_bytes
from common.protocol.description import Description
from common.protocol.digest import digest_of
from common.protocol.messages import read_evaluation
from common.protocol.signatures import Head, UpdateStatement
from server.federation.replies import reply_of
from tests.support.hospitals import packed, unpacked
from tests.support.sites import PLAN, explaining, file_names, sites_of

TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id = 1, 1, 1
ARRAYS = arrays_from_state(initial_weights("resnet18", 1))


@pytest.fixture(scope="module")
def site(phantoms, tmp_path_factory) -> Site:
    key = tmp_path_factory.mktemp("key") / "shared.key"
    new_shared_key(key)
    return replace(sites_of(phantoms, tmp_path_factory.mktemp("cache"))[0], fingerprint_key=key)


def ask(site: Site, kind: str, plan: str | None = None, **config) -> Message:
    """Send one message to a ClientApp that knows this hospital only."""
    records = {wire.CONFIG: ConfigRecord({wire.PLAN: plan or PLAN.to_json(), wire.THREADS: 1, **config})}
    if not kind.startswith(MessageType.QUERY):
        records[wire.ARRAYS] = packed(ARRAYS)
    message = Message(RecordDict(records), dst_node_id=1, message_type=kind)
    context = Context(run_id=1, node_id=1, node_config={}, state=RecordDict(), run_config={})
    return make_client_app(lambda _: site)(message, context)


@pytest.fixture(scope="module")
def replies(site) -> dict[str, Message]:
    return {
        "describe": ask(site, MessageType.QUERY),
        "fingerprints": ask(site, "query.fingerprints"),
        "train": ask(site, MessageType.TRAIN, **{wire.ROUND: 1}),
        "evaluate": ask(site, MessageType.EVALUATE, **{wire.ROUND: 1, wire.SPLIT: "val"}),
        "test": ask(site, MessageType.EVALUATE, **{wire.ROUND: 1, wire.SPLIT: "test"}),
    }


def parts(content: RecordDict) -> tuple[list[str], list[bytes]]:
    """Return every text (keys included) and every block of bytes of a reply."""
    texts: list[str] = []
    blocks: list[bytes] = []
    for name, record in content.items():
        texts.append(name)
        for key, value in record.items():
            texts.append(key)
            if isinstance(record, ArrayRecord):
                blocks.append(value.data)
                texts += [value.dtype, value.stype]
            else:
                for one in value if isinstance(value, list) else [value]:
                    if isinstance(one, bytes):
                        assert (name, key) in ((wire.CASES, "scores"), (wire.CASES, "patient-scores"))
                        blocks.append(one)
                        continue
                    assert isinstance(one, int | float | str), f"{name}.{key} holds {type(one)}"
                    texts.append(str(one))
    return texts, blocks


@pytest.mark.parametrize("kind", ["describe", "fingerprints", "train", "evaluate", "test"])
def test_replies_hold_no_file_name_and_no_path(site, replies, kind):
    texts, blocks = parts(replies[kind].content)
    everything = "\n".join(texts).encode() + b"\n".join(blocks)
    names = [name for name in file_names(site.folder) if name.rpartition(".")[2] in ("png", "jpg", "jpeg")]
    assert len(names) > 20
    secrets = (site.fingerprint_key.read_text().strip(), str(site.fingerprint_key))
    for secret in (*names, *secrets, str(site.folder), str(site.data_root), str(site.cache_dir)):
        assert secret.encode() not in everything, f"{secret} left the hospital"


@pytest.mark.parametrize("kind", ["describe", "fingerprints", "train", "evaluate", "test"])
def test_replies_hold_no_pixels(site, replies, kind):
    texts, blocks = parts(replies[kind].content)
    everything = "\n".join(texts).encode() + b"\n".join(blocks)
    own = prepare(site.folder, site.hospital.class_map, PLAN.data, PLAN.seed, site.cache_dir)
    for index, file in enumerate(own.scan.files):
        path = site.folder / file.relative_path
        if index in own.library.unreadable:
            continue
        middle = len(path.read_bytes()) // 2
        assert path.read_bytes()[middle : middle + 24] not in everything
        rows = np.asarray(decode_rgb(path).convert("L"))
        for pixels in (own.library.pixels[index][16].tobytes(), rows[len(rows) // 2].tobytes()):
            if len(set(pixels)) > 8:  # a flat row is found anywhere
                assert pixels[:24] not in everything


def test_arrays_are_the_model_and_nothing_beside(replies):
    records = replies["train"].content
    assert set(records) == {wire.ARRAYS, wire.METRICS, wire.WHO}
    model = unpacked(records)
    assert {name: array.shape for name, array in model.items()} == {name: a.shape for name, a in ARRAYS.items()}
    sent = sum(array.numpy().nbytes for array in records[wire.ARRAYS].values())
    assert sent < payload_bytes(model) + 20_000, "and the list of the tensors"
    for kind in ("describe", "fingerprints", "evaluate"):
        assert not replies[kind].content.array_records


def test_metrics_are_numbers_that_add_up(site, replies):
    said = handlers.describe(site, PLAN)
    for kind in ("train", "evaluate"):
        metrics = replies[kind].content[wire.METRICS]
        assert isinstance(metrics, MetricRecord)
        whose = replies[kind].content[wire.WHO]
        assert (whose[wire.HOSPITAL], whose[wire.FILES]) == (said.key, said.files_sha256)
    assert replies["train"].content[wire.METRICS][wire.SAMPLES] == said.train_samples
    evaluated = replies["evaluate"].content[wire.METRICS]
    assert sum(evaluated["confusion"]) == evaluated[wire.SAMPLES] == len(said.val_idx)
    assert len(evaluated["confusion"]) == 16


def test_a_tests_cases_arrive_as_they_were_counted(site, replies):
    said = handlers.describe(site, PLAN)
    records = reply_of(replies["test"], {}).records
    read = read_evaluation(records, REPLICATES, said.held("test"), said.patient_counts["test"])
    assert read.cases is not None
    assert read.cases.scores[:, 0].sum(axis=1).tolist() == said.held("test")
    assert read.cases.patients == said.patient_counts["test"]
    assert wire.CASES not in replies["evaluate"].content


def test_a_description_arrives_as_it_was_said(site, replies):
    text = str(replies["describe"].content[wire.DESCRIPTION]["json"])
    assert Description.from_json(text) == handlers.describe(site, PLAN)


def test_fingerprints_are_those_of_the_files_and_the_key(site, replies):
    text = str(replies["fingerprints"].content[wire.FINGERPRINTS]["json"])
    said = Fingerprints.from_json(text, "the answer")
    described = handlers.describe(site, PLAN)
    assert (said.hospital, said.name) == (described.key, described.name)
    assert (said.files_sha256, said.file_count) == (described.files_sha256, described.file_count)
    assert said.key_mark == key_mark(load_shared_key(site.fingerprint_key))
    used = {*described.train_idx, *described.val_idx, *described.test_idx}
    assert used <= set(said.indices.tolist())


def test_a_hospital_keeps_its_fingerprints(site, tmp_path):
    ask(replace(site, cache_dir=tmp_path / "kept"), "query.fingerprints")
    assert len(list((tmp_path / "kept").glob("tokens-*.npz"))) == 1


def test_without_a_key_or_unasked_no_fingerprint_leaves(site):
    unasked = replace(PLAN, data=replace(PLAN.data, cross_hospital_check=False)).to_json()
    for reply in (
        ask(replace(site, fingerprint_key=None), "query.fingerprints"),
        ask(site, "query.fingerprints", unasked),
    ):
        assert reply.content[wire.FINGERPRINTS]["json"] == ""
        assert wire.REFUSAL not in reply.content


def test_a_key_that_others_can_read_is_not_used(site, tmp_path):
    key = tmp_path / "open.key"
    new_shared_key(key)
    key.chmod(0o644)
    content = ask(replace(site, fingerprint_key=key), "query.fingerprints").content
    assert content[wire.REFUSAL]["code"] == "KEY007"
    assert str(key) not in str(content[wire.REFUSAL]["sentence"])


@pytest.mark.parametrize("explains", [True, False])
def test_a_refusal_carries_its_code_and_its_sentence_only_in_a_simulation(site, monkeypatch, explains, caplog):
    def refuse(*_):
        raise InputError("DATA001", f"There is no image in {site.folder}.")

    monkeypatch.setattr(handlers, "describe", refuse)
    content = ask(explaining(site) if explains else site, MessageType.QUERY).content
    refusal = content[wire.REFUSAL]
    assert (refusal["code"], refusal["exit-code"]) == ("DATA001", 2)
    assert (str(site.folder) in str(refusal["sentence"])) == explains
    assert content[wire.WHO][wire.HOSPITAL] == site.hospital.key
    assert (f"DATA001: There is no image in {site.folder}." in caplog.text) != explains, "the hospital's own log"


@pytest.mark.parametrize("explains", [True, False])
def test_a_crash_is_named_but_its_text_stays_at_the_hospital(site, monkeypatch, explains, caplog):
    def crash(*_):
        raise OSError(5, "Input/output error", str(site.folder / "glioma" / "p17.png"))

    monkeypatch.setattr(handlers, "train", crash)
    refusal = ask(explaining(site) if explains else site, MessageType.TRAIN, **{wire.ROUND: 1}).content[wire.REFUSAL]
    assert (refusal["code"], refusal["exit-code"]) == ("CLIENT001", 1)
    assert str(refusal["sentence"]).startswith("OSError: ")
    assert ("p17.png" in str(refusal["sentence"])) == explains
    assert "p17.png" in caplog.text, "the hospital's own log says it all"


@pytest.mark.parametrize("plan", ['{"seed": 1}', PLAN.to_json().replace('"lr"', '"learning_rate"')])
def test_a_plan_that_it_does_not_understand_is_refused(site, plan):
    assert ask(site, MessageType.TRAIN, plan, **{wire.ROUND: 1}).content[wire.REFUSAL]["code"] == "PLAN001"


def test_a_plan_that_is_no_json_is_an_answer_too(site):
    assert ask(site, MessageType.QUERY, "no json").content[wire.REFUSAL]["code"] == "PLAN005"


def test_with_a_key_of_its_own_it_signs_its_update_and_keeps_the_end_of_the_ledger(site, tmp_path):
    private, centre = (new_private_key(tmp_path / f"{name}.key") for name in ("hospital", "centre"))
    token, public = "ab" * 16, public_line(centre.public_key()).decode()
    head = Head(token=token, line=3, sha256="cd" * 32, key=public).signed(centre)
    signing = replace(site, private_key=tmp_path / "hospital.key", explains=True)
    asked = {wire.ROUND: 1, wire.RUN: token, wire.LEDGER: head.to_json()}
    content = ask(signing, MessageType.TRAIN, **asked).content
    update = {name: array.numpy() for name, array in content[wire.ARRAYS].items()}
    samples = int(content[wire.METRICS][wire.SAMPLES])
    said = UpdateStatement(token, 1, site.hospital.key, PLAN.sha256, samples, digest_of(update))
    assert is_signed(private.public_key(), said.to_bytes(), str(content[wire.SIGNATURE][wire.SIGNATURE]))
    (record,) = site.cache_dir.glob(f"runs/{token}/*/proof.jsonl")
    assert [type(entry).__name__ for entry in read_record(record)] == ["Seen", "Sent"]
    forged = replace_struct(head, line=4)
    refused = ask(signing, MessageType.TRAIN, **asked | {wire.LEDGER: forged.to_json()}).content
    assert refused[wire.REFUSAL]["code"] == "LEDGER005"
    assert len(read_record(record)) == 2, "and nothing was trained or sent"
