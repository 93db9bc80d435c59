"""What is wrong with an answer is said in one clause."""

import numpy as np
import pytest
from flwr.app import ConfigRecord, Error, Message, RecordDict
from flwr.server.superlink.linkstate.utils import NODE_UNAVAILABLE_ERROR_REASON

from common.metrics.intervals import Resampling, resample
from common.protocol import names
from server.federation import screening
from tests.support.descriptions import description
from tests.support.hospitals import evaluation, question, start_arrays, update

ASKED = description("a", train=6)


def good_update():
    return update(question(1), ASKED, start_arrays())


def test_a_good_answer_is_not_refused():
    assert screening.refusal(good_update(), 5, ASKED) is None
    assert screening.update_problem(good_update(), start_arrays()) is None


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
    assert screening.refusal(Message(Error(code=1, reason=reason), reply_to=question(1)), 5) == says


def test_silence_a_refusal_another_hospital_and_other_files():
    assert screening.refusal(None, 5.4) == "no answer within 5 s"
    refused = RecordDict({names.REFUSAL: ConfigRecord({"code": "DATA020", "sentence": "Too few."})})
    assert screening.refusal(Message(refused, reply_to=question(1)), 5, ASKED) == "DATA020: Too few."
    assert screening.refusal(good_update(), 5, description("b")) == "it answers as 'a'"
    other = description("a", files_sha256="another")
    assert "files changed" in str(screening.refusal(good_update(), 5, other))


def test_an_answer_without_a_model_and_one_that_trained_on_nothing():
    bare = Message(RecordDict({names.WHO: ConfigRecord({})}), reply_to=question(1))
    assert screening.update_problem(bare, start_arrays()) == "the answer holds no model"
    nothing = update(question(1), ASKED, start_arrays(), samples=0)
    assert screening.update_problem(nothing, start_arrays()) == "it trained on no slice"


def test_weights_are_checked():
    arrays = start_arrays() | {"fc.weight": np.array([np.nan, 1], np.float32)}
    assert "not finite" in str(screening.update_problem(update(question(1), ASKED, arrays), start_arrays()))


def test_an_evaluation_is_read_as_it_was_written():
    result = screening.evaluation_of(evaluation(question(1), ASKED, [0, 1, 2], [0, 1, 3], loss=0.5))
    assert not isinstance(result, str)
    assert (result.samples, result.loss_sum, result.confusion[2, 3]) == (3, 1.5, 1)
    assert sum(part.count for part in result.bins) == 3


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: m.pop("confusion"), "cannot be read"),
        (lambda m: m.update(confusion=[1, 2]), "cannot be read"),
        (lambda m: m.update(bins=[-1.0, 0.0, 0.0]), "cannot be read"),
        (lambda m: m.update({names.SAMPLES: 7}), "do not add up"),
        (lambda m: m.update(confusion=[-1, 4, *[0] * 14]), "do not add up"),
        (lambda m: m.update({"loss-sum": float("inf")}), "not a finite"),
        (lambda m: m.update(nll=[-1.0] * 129), "not a finite"),
        (lambda m: m.pop("nll"), "cannot be read"),
        (lambda m: m.update(nll=[1.0] * 128), "cannot be read"),
        (lambda m: m.update(bins=[*[0.0] * 27, 2.0, 1.9, 2.0]), "by confidence"),
        (lambda m: m.update({"calibrated-bins": [*[0.0] * 27, 3.0, 2.7, 3.0]}), "by confidence"),
        (lambda m: m.update(replicates=[0] * 16), "cannot be read"),
    ],
)
def test_an_evaluation_that_cannot_be_is_refused(change, says):
    reply = evaluation(question(1), ASKED, [0, 1, 2], [0, 1, 3])
    change(reply.content[names.METRICS])
    assert says in str(screening.evaluation_of(reply))


def answer_to_a_test(true, predicted):
    message = question(1)
    message.content = RecordDict({names.CONFIG: ConfigRecord({names.SPLIT: "test"})})
    return evaluation(message, ASKED, true, predicted)


def test_the_draws_of_a_test_are_read_as_they_were_written():
    result = screening.evaluation_of(answer_to_a_test([0, 1, 2], [0, 1, 3]), 1000)
    assert not isinstance(result, str)
    assert result.replicates.shape == (1000, 4, 4)
    assert result.groups == 3
    assert set(result.replicates.sum(axis=(1, 2))) == {3}
    assert "cannot be read" in str(screening.evaluation_of(answer_to_a_test([0, 1, 2], [0, 1, 3]), 500))


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(replicates=[-1, *m["replicates"][1:]]),
        lambda m: m.update(replicates=[0, 1, *m["replicates"][2:]]),  # nobody called a glioma a meningioma
        lambda m: m.update(replicates=[2 * n for n in m["replicates"]]),
        lambda m: m.update(groups=4),
        lambda m: m.update(groups=-1),
    ],
    ids=["negative", "a cell that is empty", "twice as large", "more groups than slices", "negative groups"],
)
def test_draws_that_cannot_come_from_the_counts_are_refused(change):
    reply = answer_to_a_test([0, 1, 2], [0, 1, 3])
    change(reply.content[names.METRICS])
    assert "bootstrap" in str(screening.evaluation_of(reply, 1000))


def test_draws_of_groups_of_unequal_size_are_not_refused():
    chance = np.random.default_rng(0)
    for seed in range(20):
        group = np.sort(chance.integers(0, 12, 60))
        true = chance.integers(0, 4, 60)
        drawn = resample(true, true, Resampling(group, seed))
        reply = answer_to_a_test(true.tolist(), true.tolist())
        reply.content[names.METRICS]["replicates"] = drawn.ravel().tolist()
        assert not isinstance(screening.evaluation_of(reply, 1000), str)
