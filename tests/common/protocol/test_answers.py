"""Whatever comes from a hospital becomes a value within bounds, or one kind of refusal, and nothing else."""

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict
from hypothesis import given, settings
from hypothesis import strategies as st

from common.artifacts.card import card_text
from common.artifacts.meta import FinishedRun, meta_json
from common.artifacts.run_files import stats_json
from common.errors import InputError
from common.metrics.intervals import Resampling
from common.overlap.fingerprints import Fingerprints
from common.protocol import names
from common.protocol.answers import read_refusal
from common.protocol.codec import pack, unpack
from common.protocol.description import Description
from common.protocol.messages import read_evaluation, read_training
from common.protocol.postprocess import UnusableAnswer
from common.text import plain
from server.federation.replies import Reply, reply_of
from server.federation.screening import usable_records
from tests.common.protocol.test_messages import evaluation
from tests.support.descriptions import description
from tests.support.hospitals import PLAN, question, start_arrays

QUICK = settings(derandomize=True, max_examples=40, deadline=None, database=None)
SAID = description("a", train=6)
NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([0, 1, 2, 6, -1, 2**62, 2**63, 2**64, 10**400, 1e308, math.nan, math.inf]),
)
TEXTS = st.one_of(st.text(max_size=30), st.sampled_from(["\x1b[2J", "[bold]", "<b>", "\ud800", "", "x" * 5_000]))
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS, st.binary(max_size=9), st.just(np.zeros(3)))
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=30)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
)
TRAINED = {names.SAMPLES: 6, "steps": 2, "loss": 0.5, "accuracy": 0.75, "lr": 1e-3, "seconds": 0.1}
TESTED = evaluation([0, 1], [0, 2], Resampling(np.arange(2), 1))


def read_or_refused(read: Callable[..., Any], *given: Any) -> Any:
    """What was read, or None where it was refused in a clause that can be shown."""
    try:
        return read(*given)
    except UnusableAnswer as problem:
        clause = str(problem)
    assert clause.isprintable()
    return None


def spoilt(record: dict[str, Any], value: Any = VALUES) -> st.SearchStrategy[dict[str, Any]]:
    """Records that are right but for one or two values."""
    return st.dictionaries(st.sampled_from(sorted(record)), value, max_size=2).map(lambda odd: {**record, **odd})


@QUICK
@given(st.one_of(VALUES, spoilt(TRAINED), spoilt(TRAINED, NUMBERS)))
def test_the_figures_of_a_training(numbers):
    read = read_or_refused(read_training, {names.ARRAYS: {}, names.METRICS: numbers}, 6)
    if read is None:
        return
    assert read.samples == 6
    assert 0 <= read.accuracy <= 1
    assert all(math.isfinite(value) and 0 <= value <= 1e9 for name, value in vars(read).items() if name != "spent")


@QUICK
@given(st.one_of(VALUES, spoilt(TESTED), spoilt(TESTED, NUMBERS), spoilt(TESTED, st.lists(NUMBERS, max_size=20))))
def test_an_evaluation(numbers):
    read = read_or_refused(read_evaluation, {names.METRICS: numbers}, 1000, SAID.held("test"))
    if read is None:
        return
    assert read.confusion.sum(axis=1).tolist() == SAID.held("test")
    assert np.isfinite([read.loss_sum, read.seconds, *read.nll]).all()
    meta = _meta(SAID, {SAID.name: read})
    assert json.loads(json.dumps(meta, allow_nan=False))
    assert card_text(meta)


def _meta(said: Description, tests: dict) -> dict[str, Any]:
    return meta_json(
        FinishedRun(
            run_id="run-001",
            strategy="fedavg",
            seed=1,
            rounds=1,
            best_round=1,
            image_size=64,
            best_val_accuracy=0.5,
            temperature=1.0,
            engine="superlink",
            device=said.device,
            descriptions=[said],
            stats=stats_json([said], PLAN),
            tests=tests,
            missing_hospitals=[],
            grouped=True,
            sha256=None,
            versions={},
            settings={},
        )
    )


HONEST = json.loads(SAID.to_json())
WAYS = [(key,) for key in HONEST] + [("numbers", key) for key in HONEST["numbers"]]
WAYS += [("numbers", "audit", 0, key) for key in HONEST["numbers"]["audit"][0]] + [("split_counts", "test", "glioma")]


@QUICK
@given(st.sampled_from(WAYS), JSON | st.lists(st.integers(0, 12), max_size=5))
def test_a_description_with_one_thing_changed_is_refused_or_makes_a_model_card(way, value):
    said = json.loads(json.dumps(HONEST))
    at = said
    for step in way[:-1]:
        at = at[step]
    at[way[-1]] = value
    try:
        read = Description.from_json(json.dumps(said))
    except ValueError:
        return
    result = read_evaluation({names.METRICS: TESTED}, 1000, SAID.held("test"))
    meta = _meta(read, {read.name: result})
    assert json.loads(json.dumps(meta, allow_nan=False))
    assert card_text(meta).replace("\n", "").isprintable()


@QUICK
@given(st.text(max_size=50) | JSON.map(json.dumps))
def test_any_text_is_no_description_no_fingerprints_and_no_manifest(text):
    with pytest.raises(ValueError):
        Description.from_json(text)
    with pytest.raises(InputError):
        Fingerprints.from_json(text, "It")
    packed = {**pack(start_arrays()), names.MANIFEST: np.frombuffer(text.encode(errors="replace"), np.uint8)}
    with pytest.raises(ValueError):
        unpack(packed)


@QUICK
@given(
    st.lists(st.tuples(TEXTS, st.sampled_from(["float32", "uint8", "O"]), st.lists(NUMBERS, max_size=4)), max_size=3)
)
def test_any_list_of_tensors(entries):
    manifest = np.frombuffer(json.dumps(entries).encode(), np.uint8)
    try:
        arrays = unpack({**pack(start_arrays()), names.MANIFEST: manifest})
    except ValueError:
        return
    assert sum(array.nbytes for array in arrays.values()) == sum(array.nbytes for array in start_arrays().values())


@QUICK
@given(VALUES)
def test_any_refusal_and_any_text(value):
    read = read_or_refused(read_refusal, value)
    assert read is None or read.sentence.isprintable()
    shown = plain(value)
    assert shown.isprintable()
    assert len(shown) <= 300
    assert not set("<>[]`") & set(shown)
    assert plain(shown) == shown


def _record(data: bytes) -> ArrayRecord:
    return ArrayRecord({names.BLOCK: Array("uint8", (1,), "numpy.ndarray", data)})


ARRAYS = st.binary(max_size=80).map(_record)
HEADINGS = st.tuples(st.text(max_size=9), st.lists(st.integers(), max_size=3).map(tuple), st.binary(max_size=8)).map(
    lambda parts: _record(_npy(*parts))
)
RECORDS = st.one_of(
    ARRAYS,
    HEADINGS,
    st.dictionaries(st.text(max_size=9), st.floats(), max_size=3).map(MetricRecord),
    st.dictionaries(st.sampled_from([names.HOSPITAL, names.FILES, "code", "sentence"]), TEXTS, max_size=3).map(
        ConfigRecord
    ),
)
NAMES = st.sampled_from([names.ARRAYS, names.METRICS, names.WHO, names.REFUSAL, names.DESCRIPTION, "x" * 200])


def _npy(descr: str, shape: tuple[int, ...], rest: bytes) -> bytes:
    heading = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(heading).to_bytes(2, "little") + heading + rest


@QUICK
@given(st.dictionaries(NAMES, RECORDS, max_size=4))
def test_any_message(content):
    reply = reply_of(Message(RecordDict(content), reply_to=question(1)), {})
    assert isinstance(reply, Reply)
    read_or_refused(usable_records, reply, 5.0, SAID)
