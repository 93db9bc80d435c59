import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from common import keys
from common.errors import InputError
from common.protocol.signatures import Head, UpdateStatement

KEY = ec.generate_private_key(ec.SECP384R1())
PUBLIC = keys.public_line(KEY.public_key()).decode()
HEAD = Head(token="ab" * 16, line=3, sha256="cd" * 32, key=PUBLIC).signed(KEY)


def test_a_head_arrives_as_it_was_signed():
    assert Head.from_json(HEAD.to_json()) == HEAD


@pytest.mark.parametrize(
    "change",
    [{"line": 4}, {"sha256": "ce" * 32}, {"token": "ac" * 16}, {"signature": "00"}],
    ids=lambda each: next(iter(each)),
)
def test_a_changed_head_is_not_signed(change):
    with pytest.raises(InputError, match=r"LEDGER005.*not signed by its key"):
        Head.from_json(msgspec.structs.replace(HEAD, **change).to_json())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        HEAD.to_json().replace("ecdsa", "x"),
        HEAD.to_json().replace(":3,", ":0,"),
        HEAD.to_json().replace(":3,", ":1e400,"),
        HEAD.to_json()[:-1] + ',"more":1}',
        HEAD.to_json().replace("cdcd", "../../", 1),
        HEAD.to_json()[:-1] + " " * 3000 + "}",
    ],
)
def test_what_is_no_head_is_refused_in_a_sentence(text):
    with pytest.raises(InputError, match="LEDGER005"):
        Head.from_json(text)


def test_every_fact_of_an_update_is_signed():
    facts = {"token": "t", "round": 1, "hospital": "a", "plan_sha256": "p", "samples": 4, "digest": "d"}
    signature = keys.sign(KEY, UpdateStatement(**facts).to_bytes())
    assert keys.is_signed(KEY.public_key(), UpdateStatement(**facts).to_bytes(), signature)
    for name, value in facts.items():
        other = UpdateStatement(**{**facts, name: value * 2})
        assert not keys.is_signed(KEY.public_key(), other.to_bytes(), signature), name
    for wrong in ("", "zz", signature[:-2], signature + "00"):
        assert not keys.is_signed(KEY.public_key(), UpdateStatement(**facts).to_bytes(), wrong)
