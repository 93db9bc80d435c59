"""What is wrong with an answer is said in one clause."""

import pytest
from flwr.server.superlink.linkstate.utils import NODE_UNAVAILABLE_ERROR_REASON

from common.protocol import names
from common.protocol.messages import who_record
from common.protocol.postprocess import UnusableAnswer
from server.federation.exchange import Reply
from server.federation.screening import read_description, usable_records
from tests.support.descriptions import description

ASKED = description("a", train=6)
GOOD = Reply({names.WHO: who_record("a", ASKED.files_sha256)})


def problem_of(*arguments) -> str:
    with pytest.raises(UnusableAnswer) as caught:
        usable_records(*arguments)
    return str(caught.value)


def test_a_good_answer_is_not_refused():
    assert usable_records(GOOD, 5, ASKED) == GOOD.records


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("ValueError: bad\nTraceback ...", "ValueError: bad"),
        ("The actor died unexpectedly before finishing this task", "its process died (killed, or out of memory)"),
        ("", "an error without a reason"),
        (
            NODE_UNAVAILABLE_ERROR_REASON,
            "its SuperNode is gone: no sign of life for a minute (the link, or the machine)",
        ),
        ("x" * 1000, "x" * 300),
    ],
)
def test_an_error_is_shortened_to_a_clause(reason, says):
    assert problem_of(Reply(error=reason), 5) == says


def test_silence_a_refusal_another_hospital_and_other_files():
    assert problem_of(None, 5.4) == "no answer within 5 s"
    refused = Reply({names.REFUSAL: {"code": "DATA020", "sentence": "Too few."}})
    assert problem_of(refused, 5, ASKED) == "DATA020: Too few."
    assert problem_of(GOOD, 5, description("b")) == "it answers as 'a'"
    assert problem_of(Reply({}), 5, ASKED) == "it answers as ''"
    assert "files changed" in problem_of(GOOD, 5, description("a", files_sha256="another"))


@pytest.mark.parametrize("records", [{}, {names.DESCRIPTION: {}}, {names.DESCRIPTION: {names.JSON: 7}}])
def test_an_answer_without_a_description(records):
    with pytest.raises(UnusableAnswer, match="its description cannot be read"):
        read_description(records)


def test_a_description_is_read_as_it_was_written():
    assert read_description({names.DESCRIPTION: {names.JSON: ASKED.to_json()}}) == ASKED
