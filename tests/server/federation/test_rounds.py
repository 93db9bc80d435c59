"""A round: train, aggregate, evaluate, record; whoever fails is named, and below the quorum it says why."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from flwr.app import Message

from common.artifacts.schema import HospitalRound, Round
from common.config.strategies import EVERYTHING, NORMALISATION, NOTHING, StrategyPlan, StrategySettings
from common.errors import RunError
from common.metrics.calibration import best_temperature
from common.metrics.evaluation import TrainResult
from common.protocol import names
from common.protocol.codec import payload_bytes
from common.protocol.postprocess import chain_of
from server.engines.inprocess import InProcessGrid
from server.federation.evaluation_phase import EvaluationPhase
from server.federation.exchange import Exchange, Place
from server.federation.local_state import LocalStates
from server.federation.participants import Participants, QuorumPolicy
from server.federation.rounds import Rounds
from server.federation.training_phase import TrainingPhase, note_training
from server.federation.update_store import UpdateStore
from server.recording.checkpoint import RunProgress
from server.recording.events import Listener
from server.strategies.aggregator import Aggregator
from tests.support.hospitals import PLAN, SCALE, Hospitals, start_arrays
from tests.support.updates import strategy_of

STEPS = {"a": 1.0, "b": 2.0, "c": 4.0}


class Told(Listener):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.events: list[tuple] = []

    def phase(self, name, server_round):
        self.events.append(("phase", name, server_round))

    def trained(self, name, part):
        self.events.append(("trained", name))

    def failed(self, failure):
        self.events.append(("failed", failure.hospital, failure.phase))


def rounds_of(
    hospitals: Hospitals,
    listener: Listener | None = None,
    quorum: int = 2,
    strategy: Aggregator | None = None,
    progress: RunProgress | None = None,
) -> Rounds:
    """Bring made-up hospitals together in this process."""
    listener = listener or Listener()
    place = Place(simulated=True, cores=2)
    exchange = Exchange(InProcessGrid(hospitals, len(hospitals.described)), threading.Event(), place)
    policy = QuorumPolicy(quorum, 5, 60)
    members = Participants(exchange, PLAN, hospitals.names, policy, listener, {}, lambda description: None)
    members.gather()
    strategy = strategy or strategy_of(StrategySettings())
    local = LocalStates(PLAN, progress or RunProgress({}))
    chain = chain_of(strategy.plan)
    training = TrainingPhase(members, exchange, strategy, chain, UpdateStore(None), local, listener)
    return Rounds(training, EvaluationPhase(PLAN, members, exchange, listener), strategy, local)


def test_the_new_model_is_the_weighted_mean_and_the_round_is_recorded():
    hospitals, told = Hospitals(STEPS), Told()
    arrays, record = rounds_of(hospitals, told).run_round(1, start_arrays())
    mean = (4 * 1.0 + 8 * 2.0 + 12 * 4.0) / 24
    np.testing.assert_allclose(arrays["fc.weight"], start_arrays()["fc.weight"] + SCALE * mean, rtol=1e-6)
    assert arrays["bn.num_batches_tracked"] == 1
    assert record.asked == record.replied == list(hospitals.names.values())
    assert record.failed == []
    assert (record.number, record.lr) == (1, 1e-3)
    assert record.val_accuracy == 0.5
    assert record.train_loss == 0.5
    size = payload_bytes(start_arrays())
    assert {(part.bytes_down, part.bytes_up) for part in record.hospitals.values()} == {(2 * size, size)}
    phases = [event[1] for event in told.events if event[0] == "phase"]
    assert phases == ["train", "evaluate"]
    kinds = [kind for kind, _ in hospitals.asked]
    assert kinds == ["query"] * 3 + ["train"] * 3 + ["evaluate"] * 3


def test_the_largest_starts_first_and_everybody_gets_threads_the_round_and_the_plan():
    seen = []

    def look(key, message, answer):
        if message.metadata.message_type == "train":
            seen.append((key, dict(message.content[names.CONFIG])))
        return answer

    rounds_of(Hospitals(STEPS, look)).run_round(2, start_arrays())
    assert seen[0][0] == "c"
    for _, config in seen:
        assert config[names.ROUND] == 2
        assert config[names.PLAN] == PLAN.to_json()
        assert 1 <= config[names.THREADS] <= 2


def fail(*keys: str, kind: str = "train"):
    def twist(key: str, message: Message, answer: Message) -> Message:
        if key in keys and message.metadata.message_type == kind:
            raise RuntimeError("out of luck")
        return answer

    return twist


def test_who_fails_is_named_and_the_mean_is_that_of_the_others():
    told = Told()
    arrays, record = rounds_of(Hospitals(STEPS, fail("b")), told).run_round(1, start_arrays())
    np.testing.assert_allclose(
        arrays["fc.weight"], start_arrays()["fc.weight"] + SCALE * (4 * 1 + 12 * 4) / 16, rtol=1e-6
    )
    assert record.replied == ["Hospital A", "Hospital C"]
    assert [(f.hospital, f.phase) for f in record.failed] == [("Hospital B", "train")]
    assert "out of luck" in record.failed[0].reason
    assert ("failed", "Hospital B", "train") in told.events
    assert record.hospitals["Hospital B"].train_loss is None
    assert record.hospitals["Hospital B"].val_samples == 2, "it can still evaluate"


def test_below_the_quorum_the_reasons_are_listed():
    with pytest.raises(RunError, match=r"RUN010.*1 of 3.*2 are needed \(Hospital C: .*out of luck; Hospital A: .*luck"):
        rounds_of(Hospitals(STEPS, fail("a", "c"))).run_round(1, start_arrays())


def test_if_nobody_can_evaluate_the_round_fails():
    with pytest.raises(RunError, match="RUN013"):
        rounds_of(Hospitals(STEPS, fail("a", "b", "c", kind="evaluate"))).run_round(1, start_arrays())


def test_the_test_covers_who_answers_and_names_the_rest():
    rounds = rounds_of(Hospitals(STEPS, fail("a", kind="evaluate")))
    results, failures = rounds.test(3, start_arrays())
    assert list(results) == ["Hospital B", "Hospital C"]
    assert [(failure.hospital, failure.phase) for failure in failures] == [("Hospital A", "test")]
    with pytest.raises(RunError, match="RUN013"):
        rounds_of(Hospitals(STEPS, fail("a", "b", "c", kind="evaluate"))).test(3, start_arrays())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: m.pop("loss"), "cannot be read"),
        (lambda m: m.pop(names.SAMPLES), "cannot be read"),
        (lambda m: m.update({names.SAMPLES: 10**9}), "1,000,000,000"),
        (lambda m: m.update({"loss": float("nan")}), "not finite"),
    ],
)
def test_numbers_that_cannot_be_are_refused_as_bad_weights_are(change, says):
    def twist(key, message, answer):
        if key == "b" and message.metadata.message_type == "train":
            change(answer.content[names.METRICS])
        return answer

    _, record = rounds_of(Hospitals(STEPS, twist)).run_round(1, start_arrays())
    (failure,) = record.failed
    assert failure.hospital == "Hospital B"
    assert says in failure.reason


def test_an_answer_that_does_not_say_whose_it_is_is_refused():
    def twist(key, message, answer):
        if key == "b" and message.metadata.message_type != "query":
            del answer.content[names.WHO]
        return answer

    _, record = rounds_of(Hospitals(STEPS, twist)).run_round(1, start_arrays())
    assert [(f.hospital, f.phase) for f in record.failed] == [("Hospital B", "train"), ("Hospital B", "evaluate")]


def test_what_a_strategy_sends_beside_the_model_goes_to_all_who_train_and_is_counted():
    seen = []

    def look(key, message, answer):
        if message.metadata.message_type != "query":
            seen.append((message.metadata.message_type, names.CONTROL in message.content))
        return answer

    plan = replace(PLAN, train=replace(PLAN.train, optimiser="sgd", momentum=0.0))
    strategy = strategy_of(StrategySettings("scaffold", server_lr=1.0), plan)
    rounds = rounds_of(Hospitals(STEPS, look), strategy=strategy)
    arrays, first = rounds.run_round(1, start_arrays())
    _, second = rounds.run_round(2, arrays)
    assert [sent for kind, sent in seen if kind == "train"] == [False] * 3 + [True] * 3
    assert not any(sent for kind, sent in seen if kind == "evaluate")
    size, control = payload_bytes(start_arrays()), start_arrays()["fc.weight"].nbytes
    assert {part.bytes_down for part in first.hospitals.values()} == {2 * size}
    assert {part.bytes_down for part in second.hospitals.values()} == {2 * size + control}


def test_a_test_gets_the_temperature_and_returns_draws_validation_neither():
    seen, sums = [], []

    def look(key, message, answer):
        if message.metadata.message_type == "evaluate":
            seen.append((message.content[names.CONFIG][names.SPLIT], message.content[names.CONFIG][names.TEMPERATURE]))
            if seen[-1][0] == "val":
                sums.append(np.asarray(answer.content[names.METRICS]["nll"]))
        return answer

    history = [{"epoch": n, "temperature": n + 0.5, "replied": []} for n in (1, 2)]
    rounds = rounds_of(Hospitals(STEPS, look), progress=RunProgress({}, best_round=1, history=history))
    _, record = rounds.run_round(3, start_arrays())
    results, _ = rounds.test(1, start_arrays(), 1.5)
    assert seen == [("val", 1.0)] * 3 + [("test", 1.5)] * 3
    assert {result.replicates.shape for result in results.values()} == {(1000, 4, 4)}
    assert record.temperature == best_temperature(sum(sums))


def states(keeps: str, progress: RunProgress) -> LocalStates:
    return LocalStates(replace(PLAN, strategy=StrategyPlan(keeps=keeps)), progress)


def test_hospitals_that_test_models_of_their_own_rounds_share_no_temperature():
    progress = RunProgress({}, best_round=1, history=[{"epoch": 1, "temperature": 1.5}])
    assert states(NORMALISATION, progress).temperature == 1.5
    assert states(EVERYTHING, progress).temperature is None
    assert states(NOTHING, RunProgress({}, best_round=1, history=[{"epoch": 1}])).temperature is None


@pytest.mark.parametrize("rates", [(7e-4, 8e-4), (8e-4, 7e-4)])
def test_the_rate_of_a_round_does_not_depend_on_who_answers_first(rates):
    record = Round(1)
    for rate in rates:
        note_training(HospitalRound(), record, TrainResult(4, 2, 0.5, 0.75, rate, 0.1))
    assert record.lr == 7e-4
