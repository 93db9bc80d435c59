"""Where the centre knows the hospitals' keys, an update that is not signed for this round is left out and named."""

import json

import msgspec
import pytest
from flwr.app import ConfigRecord

from common import keys
from common.artifacts.ledger.check import verify
from common.protocol import names
from common.protocol.digest import digest_of
from common.protocol.plan import Plan
from common.protocol.signatures import UpdateStatement
from server.verify import main
from tests.support.hospitals import Hospitals
from tests.support.recorded import STEPS, record


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """A folder of key pairs of the three hospitals."""
    folder = tmp_path_factory.mktemp("keys")
    for key in STEPS:
        keys.new_key_pair(folder / f"{key}.key", folder / f"{key}.pub", key)
    return folder


def signing(pairs, spoil=lambda key, said: said, signer=lambda key: key):
    """Hospitals that sign what they send; `spoil` changes what one of them signs, `signer` whose key it takes."""

    def sign(key, message, answer):
        if message.metadata.message_type != "train":
            return answer
        config = message.content[names.CONFIG]
        plan = Plan.from_json(str(config[names.PLAN]))
        sent = {name: array.numpy() for name, array in answer.content[names.ARRAYS].items()}
        samples, number = int(answer.content[names.METRICS][names.SAMPLES]), int(config[names.ROUND])
        said = UpdateStatement(str(config[names.RUN]), number, key, plan.sha256, samples, digest_of(sent))
        said = spoil(key, said)
        if said:
            signature = keys.sign(keys.load_private(pairs / f"{signer(key)}.key"), said.to_bytes())
            answer.content[names.SIGNATURE] = ConfigRecord({names.SIGNATURE: signature})
        return answer

    return Hospitals(STEPS, sign)


def test_signed_updates_go_in_and_their_signatures_stay(pairs, tmp_path, capsys):
    with pytest.MonkeyPatch.context() as patch:
        run = record(tmp_path, patch, hospitals=signing(pairs), public_keys=pairs)
    chain = verify(run)
    for line in chain.combined.values():
        assert [each.hospital for each in line.updates] == list(STEPS)
        assert all(each.signature for each in line.updates)
    command = [str(run.ledger), "--hospital-keys", str(pairs)]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "6 updates went in, 6 signed." in said
    assert "Every update that went in is signed by its hospital." in said
    keys.new_private_key(tmp_path / "other.key")
    other = tmp_path / "others"
    other.mkdir()
    for key in STEPS:
        keys.new_key_pair(other / f"{key}.key", other / f"{key}.pub", key)
    assert main([str(run.ledger), "--hospital-keys", str(other)]) == 2
    assert "The update of a in round 1 is not signed by its key." in capsys.readouterr().err


WRONG = {
    "not signed": (lambda key, said: None, "its update is not signed; it may run an older version"),
    "another round": (lambda key, said: msgspec.structs.replace(said, round=said.round + 1), "not signed by its key"),
    "another run": (lambda key, said: msgspec.structs.replace(said, token="00" * 16), "not signed by its key"),
    "another plan": (lambda key, said: msgspec.structs.replace(said, plan_sha256=""), "not signed by its key"),
    "another update": (lambda key, said: msgspec.structs.replace(said, digest="00" * 32), "not signed by its key"),
    "more slices": (lambda key, said: msgspec.structs.replace(said, samples=10_000), "not signed by its key"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_signed_wrongly_is_left_out_and_named(pairs, tmp_path, wrong):
    spoil, reason = WRONG[wrong]
    hospitals = signing(pairs, lambda key, said: spoil(key, said) if key == "b" else said)
    with pytest.MonkeyPatch.context() as patch:
        run = record(tmp_path, patch, rounds=1, hospitals=hospitals, public_keys=pairs)
    line = verify(run).combined[1]
    assert [each.hospital for each in line.updates] == ["a", "c"]
    (left,) = line.left_out
    assert (left.hospital, reason in left.reason) == ("b", True)
    (row,) = json.loads(run.history.read_text())
    assert row["replied"] == ["Hospital A", "Hospital C"]
    assert reason in row["failed"][0]["reason"]


def test_nobody_signs_for_another(pairs, tmp_path):
    hospitals = signing(pairs, signer=lambda key: "a")
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Exception, match="RUN010") as caught:
        record(tmp_path, patch, rounds=1, hospitals=hospitals, public_keys=pairs)
    assert str(caught.value).count("not signed by its key") == 2
