"""Seventy hospitals, each with an answer that no hospital can give, in one run with three good ones.

Whatever they say, the run goes on with the rest, each of them is named with a reason, and nothing of what they wrote
reaches a screen, a log or a file as anything but plain text.
"""

import io
import json
import logging
import threading
from collections.abc import Callable

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, ConfigRecord, Error, Message, MetricRecord, RecordDict
from rich.console import Console

from common.artifacts.layout import check_writable, new_run
from common.config.settings import RunSettings, TrainPlan
from common.config.strategies import StrategySettings
from common.errors import ProjectError
from common.labels import CLASSES
from common.protocol import names as wire
from common.protocol.codec import pack
from common.protocol.plan import plan_of
from common.protocol.progress_channel import ProgressChannel
from server.engines.inprocess import InProcessGrid
from server.federation import exchange
from server.federation.exchange import Node, Place
from server.federation.federation import Federation
from server.recording.checkpoint import RunProgress
from server.recording.events import Listeners
from server.recording.log import TrainingLog, open_log
from server.recording.recorder import Recorder
from server.recording.terminal import Terminal
from tests.server.federation.test_participants import members_of
from tests.support.descriptions import description
from tests.support.hospitals import LR, Hospitals, evaluation, start_arrays

NAN, INF = float("nan"), float("inf")
DEEP = "[" * 200_000
MARKUP = "\x1b[2J[bold red]x[/]\r\nHospital A left out\u202e<script>alert(1)</script> ![i](http://evil) `rm`"
Twist = Callable[[Message], Message]


def metrics(**changes) -> Twist:
    """Change numbers of an answer, whatever Flower would take for one."""

    def twist(answer: Message) -> Message:
        for name, value in changes.items():
            answer.content[wire.METRICS].__dict__["_data"][name.replace("_", "-")] = value
        return answer

    return twist


def record(name: str, value: ArrayRecord | MetricRecord | ConfigRecord | None) -> Twist:
    """Put another record in a record's place, or none."""

    def twist(answer: Message) -> Message:
        content = {key: each for key, each in answer.content.items() if key != name}
        answer.content = RecordDict(content if value is None else {**content, name: value})
        return answer

    return twist


def raw(data: bytes, shape: tuple[int, ...] = (1,)) -> ArrayRecord:
    return ArrayRecord(
        {wire.BLOCK: Array("uint8", shape, "numpy.ndarray", data), wire.MANIFEST: Array(np.zeros(1, "u1"))}
    )


def announcing(shape: str, descr: str = "'|u1'") -> ArrayRecord:
    """An array whose heading says that far more bytes follow than do."""
    heading = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return raw(b"\x93NUMPY\x01\x00" + len(heading).to_bytes(2, "little") + heading + b"1234")


def model(manifest: str | None = None, block: np.ndarray | None = None, **arrays) -> Twist:
    """Send another model, or another list of its tensors."""
    packed = pack({**start_arrays(), **arrays})
    if manifest is not None:
        packed[wire.MANIFEST] = np.frombuffer(manifest.encode(), np.uint8)
    if block is not None:
        packed[wire.BLOCK] = block
    return record(wire.ARRAYS, ArrayRecord({name: Array(value) for name, value in packed.items()}))


def refusing(**said) -> Twist:
    return record(wire.REFUSAL, ConfigRecord(said))


def error(reason: str | None, code: int = 2) -> Twist:
    return lambda answer: Message(Error(code, reason), reply_to=_asked[answer.metadata.reply_to_message_id])


def who(**said) -> Twist:
    return record(wire.WHO, ConfigRecord({name.replace("_", "-"): value for name, value in said.items()}))


def described(text: str | None = None, **changes) -> Twist:
    """Describe another hospital under the own key; `text` instead of JSON."""

    def twist(answer: Message) -> Message:
        said = json.loads(answer.content[wire.DESCRIPTION]["json"])
        for path, value in changes.items():
            *way, last = path.split("__")
            at = said
            for step in way:
                at = at[step]
            at[last] = value
        json_text = json.dumps(said) if text is None else text
        answer.content[wire.DESCRIPTION] = ConfigRecord({"json": json_text})
        return answer

    return twist


def perfect(cases: int) -> Twist:
    """Claim so many cases of each class, and every one of them right."""

    def twist(answer: Message) -> Message:
        everything = [label for label in range(4) for _ in range(cases)]
        key = answer.content[wire.WHO][wire.HOSPITAL]
        asked = _asked[answer.metadata.reply_to_message_id]
        return evaluation(asked, held_at(key), everything, everything)

    return twist


def held_at(key: str):
    return description(key, train=_HELD.get(key, 8))


CONFUSION = [1, 0, 0, 0, 0, 0, 1, 0] + [0] * 8
HUGE = [2**62] * 4 + [0] * 12
TRAIN: dict[str, Twist] = {
    "steps NaN": metrics(steps=NAN),
    "steps infinite": metrics(steps=INF),
    "steps 1e308": metrics(steps=1e308),
    "steps negative": metrics(steps=-1),
    "seconds NaN": metrics(seconds=NAN),
    "seconds 1e308": metrics(seconds=1e308),
    "seconds as text": metrics(seconds="soon"),
    "loss NaN": metrics(loss=NAN),
    "loss 1e308": metrics(loss=1e308),
    "loss negative": metrics(loss=-1.0),
    "accuracy 2": metrics(accuracy=2.0),
    "rate infinite": metrics(lr=INF),
    "examples NaN": metrics(num_examples=NAN),
    "examples 10^400": metrics(num_examples=10**400),
    "examples as text": metrics(num_examples="8"),
    "examples as a list": metrics(num_examples=[8]),
    "no metrics": record(wire.METRICS, None),
    "metrics are arrays": record(wire.METRICS, ArrayRecord({"loss": Array(np.zeros(3))})),
    "metrics are texts": record(wire.METRICS, ConfigRecord({wire.SAMPLES: "8", "steps": "2", "loss": b"\0"})),
    "no model": record(wire.ARRAYS, None),
    "an empty model": record(wire.ARRAYS, ArrayRecord()),
    "the model is numbers": record(wire.ARRAYS, MetricRecord({wire.BLOCK: 1, wire.MANIFEST: 2})),
    "the model is texts": record(wire.ARRAYS, ConfigRecord({wire.BLOCK: "x", wire.MANIFEST: "[]"})),
    "a heading of 10^15 bytes": record(wire.ARRAYS, announcing("(1000000000000000,)")),
    "a heading of 10^400 bytes": record(wire.ARRAYS, announcing(f"({10**60},)")),
    "a heading of objects": record(wire.ARRAYS, announcing("(1,)", "'|O'")),
    "a nested heading": record(wire.ARRAYS, raw(b"\x93NUMPY\x01\x00\xe8\x03" + b"(" * 1000)),
    "no heading": record(wire.ARRAYS, raw(b"")),
    "too many bytes": model(block=np.zeros(3_000_000, np.uint8)),
    "another encoding": record(
        wire.ARRAYS, ArrayRecord({wire.BLOCK: Array("uint8", (1,), "pickle", b"cos\nsystem\n")})
    ),
    "a deep manifest": model(DEEP),
    "a manifest of a number": model("7"),
    "a manifest of 10^15 bytes": model(json.dumps([["fc.weight", "uint8", [10**15]]])),
    "a manifest of sides that wrap": model(json.dumps([["fc.weight", "uint8", [0, 2**40, 2**40, 2**40]]])),
    "a tensor twice": model(json.dumps([["fc.weight", "float32", [2]]] * 2)),
    "a tensor called markup": model(**{MARKUP: np.zeros(1, np.float32)}),
    "an empty refusal": refusing(),
    "a refusal of odd types": refusing(code=7, sentence=[1.0], **{"exit-code": "two"}),
    "a refusal with markup": refusing(code="DATA020", sentence=MARKUP, **{"exit-code": 2}),
    "a refusal of a megabyte": refusing(code="DATA020", sentence="x" * 1_000_000, **{"exit-code": 2}),
    "a code with markup": refusing(code=MARKUP, sentence="No."),
    "an error with markup": error(MARKUP),
    "an error of a megabyte": error("x" * 1_000_000),
    "an error without a reason": error(None),
    "an error of half a character": error("\ud800"),
    "somebody else": who(hospital="a", files_sha256="hash of a"),
    "somebody with markup": who(hospital=MARKUP, files_sha256=""),
    "somebody of a megabyte": who(hospital="x" * 1_000_000),
    "who is numbers": record(wire.WHO, MetricRecord({wire.HOSPITAL: 1})),
    "who are arrays": record(wire.WHO, ArrayRecord({wire.HOSPITAL: Array(np.zeros(9))})),
    "who is nobody": record(wire.WHO, None),
    "a hundred records": lambda answer: _many(answer),
    "no message": lambda answer: None,  # type: ignore[return-value]
}
VALIDATE: dict[str, Twist] = {
    "loss NaN": metrics(loss_sum=NAN),
    "loss 1e308": metrics(loss_sum=1e308),
    "loss negative": metrics(loss_sum=-1.0),
    "groups NaN": metrics(groups=NAN),
    "groups 1e308": metrics(groups=1e308),
    "seconds infinite": metrics(seconds=INF),
    "counts that wrap": metrics(confusion=HUGE, num_examples=0),
    "counts beyond 64 bits": metrics(confusion=[2**70] + [0] * 15),
    "counts as text": metrics(confusion="perfect"),
    "ten million counts": metrics(confusion=[0] * 10_000_000),
    "nll infinite": metrics(nll=[INF] * 129),
    "nll 1e308": metrics(nll=[1e308] * 129),
    "confident of more": metrics(bins=[0.0] * 27 + [2.0, 9.0, 1.0]),
    "half a case": metrics(bins=[0.0] * 24 + [0.5, 0.45, 0.0, 1.5, 1.5, 1.0]),
    "2,000 perfect cases": perfect(500),
    "cases of other classes": metrics(confusion=[0] * 10 + [1] + [0] * 4 + [1]),
    "no metrics": record(wire.METRICS, None),
    "metrics are arrays": record(wire.METRICS, ArrayRecord({"confusion": Array(np.eye(4))})),
}
TEST: dict[str, Twist] = {
    "2,000 perfect cases": perfect(500),
    "draws that wrap": metrics(replicates=[2**62] * 16_000),
    "draws that are perfect": metrics(replicates=[1, 0, 0, 0, 0, 1, 0, 0] * 2_000),
    "too few draws": metrics(replicates=[0] * 16),
    "more groups than cases": metrics(groups=3),
}
DESCRIBE: dict[str, Twist] = {
    "deep JSON": described(DEEP),
    "deep JSON inside": described('{"numbers": {"x": ' + DEEP),
    "no JSON": described("NaN"),
    "a megabyte of text": described(specialty="x" * 1_000_000),
    "seventeen megabytes": described('"' + "x" * 17_000_000 + '"'),
    "ten million indices": described('{"train_idx": [' + "1," * 10_000_000 + "1]}"),
    "no record": record(wire.DESCRIPTION, None),
    "numbers": record(wire.DESCRIPTION, MetricRecord({"json": 1})),
    "arrays": record(wire.DESCRIPTION, ArrayRecord({"json": Array(np.zeros(1))})),
    "nowhere": described(location=[None, 1.0]),
    "beyond the pole": described(location=[91.0, 1.0]),
    "no name": described(name=""),
    "another name": described(name=MARKUP),
    "another key": described(key=MARKUP),
    "no training slice": described(train_idx=[], split_counts__train={}),
    "a part of the split missing": described(split_counts={"train": {"glioma": 8}}),
    "counts without slices": described(split_counts__test={"glioma": 2_000}),
    "a class of markup": described(split_counts__test={MARKUP: 2}),
    "more slices than files": described(
        numbers__total_samples=1_000_000, numbers__class_distribution={"glioma": 1_000_000}
    ),
    "counts of 10^18": described(numbers__total_samples=10**18),
    "groups of 10^18": described(groups_across_splits=10**18),
    "more groups than slices": described(numbers__group_count=100_000),
    "a device of markup": described(device=MARKUP),
    "a code of markup": described(
        numbers__audit=[{"code": MARKUP, "severity": "error", "title": "", "sentence": "", "count": 1}]
    ),
    "a hash of markup": described(files_sha256=MARKUP),
    "an empty refusal": refusing(),
    "an error": error(MARKUP),
}
PLAIN: dict[str, Twist] = {  # what passes, made plain
    "a specialty of markup": described(specialty=MARKUP, dataset_id=MARKUP),
    "folders of markup": described(numbers__unmatched_folders=[MARKUP, ""]),
    "findings of markup": described(
        numbers__audit=[{"code": "DATA007", "severity": "error", "title": MARKUP, "sentence": MARKUP, "count": 10**12}]
    ),
    "no specialty": described(specialty="", dataset_id="", numbers__audit=[]),
}
FINGERPRINTS: dict[str, Twist] = {
    "deep fingerprints": record(wire.FINGERPRINTS, ConfigRecord({"json": DEEP})),
    "fingerprints are arrays": record(wire.FINGERPRINTS, ArrayRecord({"json": Array(np.zeros(1))})),
    "no fingerprints": record(wire.FINGERPRINTS, None),
}
PHASES = {
    "train": TRAIN,
    "evaluate": VALIDATE,
    "test": TEST,
    "describe": DESCRIBE,
    "plain": PLAIN,
    "compare": FINGERPRINTS,
}
GOOD = {"a": 1.0, "b": 2.0, "c": 4.0}
CASES = [(phase, case) for phase, cases in PHASES.items() for case in cases]
KEYS = {f"h{number:03}": case for number, case in enumerate(CASES)}
_HELD: dict[str, int] = {}
_asked: dict[str, Message] = {}


def _many(answer: Message) -> Message:
    for number in range(100):
        answer.content[f"more {number}"] = ConfigRecord()
    return answer


def phase_of(message: Message) -> str:
    kind = message.metadata.message_type
    if kind == "evaluate":
        return "test" if message.content[wire.CONFIG][wire.SPLIT] == "test" else "evaluate"
    return {"query": "describe", "query.fingerprints": "compare"}.get(kind, kind)


def misbehave(key: str, message: Message, answer: Message) -> Message:
    """Let each hospital spoil its answer in its own phase."""
    if key not in KEYS:
        return answer
    phase, case = KEYS[key]
    _asked[message.metadata.message_id] = message
    spoils = phase_of(message) == ("describe" if phase == "plain" else phase)
    return PHASES[phase][case](answer) if spoils else answer


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The whole run, as on separate machines: what it wrote, said and logged."""
    root = tmp_path_factory.mktemp("run")
    check_writable(root)
    folder, log = new_run(root), root / "logs" / "x" / "training.log"
    log.parent.mkdir(parents=True)
    hospitals = Hospitals({**GOOD, **dict.fromkeys(KEYS, 3.0)}, misbehave)
    _HELD.update({key: said.train_samples for key, said in hospitals.described.items()})
    patch = pytest.MonkeyPatch()
    patch.setattr(exchange, "_REMOTE_POLL_SECONDS", 0.0)
    before = logging.getLogger().handlers[:]
    open_log(log)
    settings = RunSettings(
        rounds=1,
        hospitals=list(hospitals.names),
        train=TrainPlan(lr=LR, schedule="constant"),
        strategy=StrategySettings(
            min_hospitals=3, wait_seconds=0.0, timeout_seconds=60.0, clip_to_median=None, weight_to_median=None
        ),
    )
    recorder = Recorder(folder, settings, plan_of(settings), list(hospitals.names.values()), log)
    progress, screen = RunProgress(start_arrays()), io.StringIO()
    recorder.start(progress)
    terminal = Terminal(Console(file=screen, width=200), 1, hospitals.names, ProgressChannel(root))
    nodes = [Node(number, key) for number, key in enumerate(hospitals.names, start=1)]
    federation = Federation(
        settings,
        progress,
        recorder,
        Listeners([recorder, TrainingLog(), terminal]),
        threading.Event(),
        hospitals.names,
        Place(simulated=False),
        lambda grid: nodes,
    )
    federation.run(InProcessGrid(hospitals, len(nodes)))
    logging.getLogger().handlers[:] = before
    patch.undo()
    texts = {path.name: path.read_text(encoding="utf-8") for path in [log, *folder.path.glob("*.*")] if _is_text(path)}
    return hospitals, progress, {**texts, "screen": screen.getvalue()}


def _is_text(path) -> bool:
    return path.suffix in (".json", ".md", ".log", ".yaml")


def test_there_are_enough_of_them():
    assert len(CASES) >= 70


def test_the_run_is_complete_and_every_bad_hospital_is_named_where_it_was_bad(run):
    hospitals, _, texts = run
    assert json.loads(texts["status.json"])["state"] == "completed"
    (row,) = json.loads(texts["training_history.json"])
    failed = {(each["hospital"], each["phase"]) for each in row["failed"]}
    left_out = json.loads(texts["status.json"])["missing_hospitals"]
    for key, (phase, case) in KEYS.items():
        name = hospitals.names[key]
        if phase in ("train", "evaluate"):
            assert (name, phase) in failed, f"{phase}: {case}"
        if phase in ("describe", "test", "train", "evaluate"):
            assert name in left_out, f"{phase}: {case}"
        else:
            assert name not in left_out, f"{phase}: {case}"
        if phase not in ("plain", "compare"):
            assert name in texts["training.log"]
            assert f"{name} left out of {phase}: " in " ".join(texts["screen"].split())
    assert not {name for key, name in hospitals.names.items() if key in GOOD} & set(left_out)


def test_every_reason_is_one_clause_that_can_be_shown(run):
    _, _, texts = run
    (row,) = json.loads(texts["training_history.json"])
    for each in row["failed"]:
        reason = each["reason"]
        assert reason.isprintable(), reason
        assert 3 < len(reason) <= 1_100
        assert not set("<>[]`") & set(reason), reason


def test_no_sign_of_theirs_reaches_a_screen_or_a_file_as_markup(run):
    _, _, texts = run
    for name, text in texts.items():
        assert "\x1b" not in text, name
        assert "\\u001b" not in text, name
        assert "\u202e" not in text, name
        assert "<script" not in text, name
        assert "![i]" not in text, name
        assert "[bold" not in text, name
        lines = text.splitlines()
        assert not any(line.startswith("Hospital A left out") for line in lines), name


def test_the_model_is_the_mean_of_those_whose_update_was_taken(run):
    hospitals, progress, texts = run
    (row,) = json.loads(texts["training_history.json"])
    bad = {hospitals.names[key] for key, (phase, _) in KEYS.items() if phase in ("train", "describe")}
    keys = [key for key, name in hospitals.names.items() if name not in bad]
    assert row["replied"] == [hospitals.names[key] for key in keys]
    sizes = [hospitals.described[key].train_samples for key in keys]
    steps = [{**GOOD, **dict.fromkeys(KEYS, 3.0)}[key] for key in keys]
    expected = np.average(steps, weights=sizes) / 8 + start_arrays()["fc.weight"]
    np.testing.assert_allclose(progress.arrays["fc.weight"], expected, rtol=1e-6)


def test_no_figure_rests_on_a_case_that_nobody_described(run):
    hospitals, _, texts = run
    (row,) = json.loads(texts["training_history.json"])
    metrics_ = json.loads(texts["model_meta.json"])["metrics"]
    for matrix, split, who_ in (
        (row["val_confusion_matrix"], "val", [n for n, part in row["hospitals"].items() if "val_samples" in part]),
        (metrics_["confusion_matrix"], "test", list(metrics_["per_hospital"])),
    ):
        by_name = {hospitals.names[key]: said for key, said in hospitals.described.items()}
        described_ = [sum(by_name[name].split_counts[split][label] for name in who_) for label in CLASSES]
        assert np.sum(matrix, axis=1).tolist() == described_
    assert metrics_["test_accuracy"] == 0.5


@pytest.mark.parametrize(
    "said", [{}, {"code": 7, "sentence": [1.0]}, {"code": "X1", "sentence": MARKUP, "exit-code": "x"}]
)
def test_a_simulated_hospitals_odd_refusal_ends_the_run_in_a_sentence(said):
    def twist(key, message, answer):
        return record(wire.REFUSAL, ConfigRecord(said))(answer) if key == "b" else answer

    with pytest.raises(ProjectError, match="RUN014") as caught:
        members_of(Hospitals(GOOD, twist))[0].gather()
    assert caught.value.sentence.isprintable()


def test_a_hospital_that_describes_other_slices_later_differs_and_one_on_another_machine_does_not():
    """It comes back in the middle of a run, with a test of its own choosing."""
    said = description("b", train=8)
    assert description("b", train=8, test=40).differs(said)
    assert not description("b", train=8, device="cuda:0", precision="bfloat16").differs(said)
