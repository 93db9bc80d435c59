"""Before the test: whether the temperature helps, and what hospitals return by which their slices can be told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from flwr.app import ConfigRecord, Message, RecordDict

from common.config.privacy import PrivacyPlan
from common.config.strategies import NORMALISATION, StrategyPlan, StrategySettings
from common.metrics.familiar import record
from common.metrics.familiar.distances import DistanceCounts, count_distances
from common.metrics.familiar.sums import likeness_from, sum_features
from common.protocol import names
from common.protocol.codec import unpack
from common.protocol.familiarity import distances_record, sums_record
from common.training.familiarity import feature_count
from server.federation.external.finishing import chosen_temperature, familiarity
from server.recording.checkpoint import RunProgress
from tests.server.federation.test_rounds import STEPS, rounds_of
from tests.support.descriptions import description
from tests.support.hospitals import PLAN, Hospitals, start_arrays
from tests.support.updates import strategy_of

KIND = f"evaluate.{names.FAMILIARITY}"
D = feature_count("resnet18")


def progress(temperature: float | None = None) -> RunProgress:
    history = [{"epoch": 1, "temperature": temperature, "replied": []}]
    return RunProgress({}, best_round=1, best_arrays=start_arrays(), history=history)


class Telling(Hospitals):
    """Hospitals that also return sums, as far as their training slices are as many as they are told to have."""

    def __init__(self, silent: tuple[str, ...] = (), slices: int = 3 * D, held_out: int = 30) -> None:
        super().__init__(STEPS)
        self.silent = silent
        for key in self.described:
            self.described[key] = description(key, slices, held_out, held_out)
        self.rng = np.random.default_rng(4)

    def __call__(self, message: Message, context) -> Message:
        if message.metadata.message_type != KIND:
            return super().__call__(message, context)
        key = list(STEPS)[int(context.node_config["partition-id"])]
        self.asked.append((KIND, key))
        said = self.described[key]
        sent = {name: array.numpy() for name, array in message.content.get(names.LIKENESS, {}).items()}
        if key in self.silent:
            answer = {}
        elif not sent:
            answer = sums_record(sum_features(self.rng.normal(size=(len(said.train_idx), D))))
        else:
            known = likeness_from(unpack(sent), D)
            far = count_distances(known.distances(self.rng.normal(size=(len(said.val_idx), D))))
            answer = distances_record(DistanceCounts(far, far))
        whose = ConfigRecord({names.HOSPITAL: said.key, names.FILES: said.files_sha256})
        return Message(RecordDict({names.FAMILIARITY: ConfigRecord(dict(answer)), names.WHO: whose}), reply_to=message)


def test_sums_of_all_hospitals_make_a_distance_that_95_percent_of_their_slices_keep_to():
    hospitals = Telling()
    found = familiarity(rounds_of(hospitals), progress())
    assert found.hospitals == ("Hospital A", "Hospital B", "Hospital C")
    assert found.train_slices == 9 * D
    body = found.to_json()
    assert body["val"]["slices"] == body["test"]["slices"] == 90
    assert 0.95 <= body["val"]["within"] / 90 < 1
    assert [kind for kind, _ in hospitals.asked].count(KIND) == 6


def test_who_returns_nothing_is_left_out_and_the_run_goes_on():
    found = familiarity(rounds_of(Telling(silent=("b",))), progress())
    assert found.hospitals == ("Hospital A", "Hospital C")
    assert found.to_json()["val"]["slices"] == 60
    assert familiarity(rounds_of(Telling(silent=tuple(STEPS))), progress()).reason == record.NO_SUMS

    def earlier(key, message, answer):
        if message.metadata.message_type == KIND:
            raise KeyError(KIND)
        return answer

    assert familiarity(rounds_of(Hospitals(STEPS, earlier)), progress()).reason == record.NO_SUMS
    assert familiarity(rounds_of(Telling(held_out=5)), progress()).reason == record.TOO_FEW


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (replace(PLAN, strategy=StrategyPlan(keeps=NORMALISATION)), record.NO_MODEL),
        (replace(PLAN, privacy=PrivacyPlan("secagg", list(STEPS), 2, 24)), record.SECURE),
    ],
)
def test_a_run_in_which_it_has_no_place_asks_nobody(plan, reason):
    hospitals = Telling()
    strategy = strategy_of(StrategySettings())
    rounds = rounds_of(hospitals, strategy=strategy)
    strategy.plan = plan
    assert familiarity(rounds, progress()).reason == reason
    assert KIND not in [kind for kind, _ in hospitals.asked]


def test_the_temperature_is_tried_on_the_validation_slices_of_the_best_model_alone():
    seen = []

    def look(key, message, answer):
        if message.metadata.message_type == "evaluate":
            config = message.content[names.CONFIG]
            seen.append((config[names.SPLIT], config[names.TEMPERATURE], config[names.ROUND]))
        return answer

    rounds = rounds_of(Hospitals(STEPS, look), progress=progress(2.0))
    choice = chosen_temperature(rounds, progress(2.0))
    assert seen == [("val", 2.0, 1)] * 3
    assert (choice.fitted, choice.slices) == (2.0, 6)
    assert choice.error is not None
    assert choice.applied is None, "six slices cannot show that it helps"


@pytest.mark.parametrize("fitted", [None, 1.0])
def test_nothing_is_tried_where_there_is_nothing_to_try(fitted):
    hospitals = Hospitals(STEPS)
    rounds = rounds_of(hospitals, progress=progress(fitted))
    assert chosen_temperature(rounds, progress(fitted)).applied is None
    assert "evaluate" not in [kind for kind, _ in hospitals.asked]
