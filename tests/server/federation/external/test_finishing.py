"""Before the test: whether the temperature helps, and what hospitals return by which their slices can be told."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from flwr.app import ConfigRecord, Message, RecordDict

from common.artifacts.layout import check_writable, new_run
from common.config.privacy import PrivacyPlan
from common.config.strategies import NORMALISATION, StrategyPlan, StrategySettings
from common.labels import CLASSES
from common.metrics.familiar import record
from common.metrics.familiar.distances import DistanceCounts, count_distances
from common.metrics.familiar.file import decode
from common.metrics.familiar.sums import likeness_from, sum_features
from common.protocol import names
from common.protocol.codec import unpack
from common.protocol.sums.familiarity import distances_record, sums_record
from common.training.familiarity import feature_count
from server.engines.inprocess import InProcessGrid
from server.federation.external.finishing import chosen_temperature, familiarity
from server.recording.checkpoint import RunProgress
from tests.server.federation.test_federation import a_federation
from tests.server.federation.test_rounds import STEPS, rounds_of
from tests.support.descriptions import description
from tests.support.hospitals import PLAN, Hospitals, evaluation, start_arrays
from tests.support.updates import strategy_of

KIND = f"evaluate.{names.FAMILIARITY}"
D = feature_count("resnet18")


def progress(temperature: float | None = None) -> RunProgress:
    history = [{"epoch": 1, "temperature": temperature, "replied": []}]
    return RunProgress({}, best_round=1, best_arrays=start_arrays(), history=history)


def drawn(name: str, slices: int) -> np.ndarray:
    return np.random.default_rng(list(name.encode())).normal(size=(slices, D))


class Telling(Hospitals):
    """Hospitals that also return sums, as far as their training slices are as many as they are told to have."""

    def __init__(self, silent: tuple[str, ...] = (), slices: int = 3 * D, held_out: int = 30) -> None:
        super().__init__(STEPS)
        self.silent = silent
        for key in self.described:
            self.described[key] = description(key, slices, held_out, held_out)

    def _evaluate(self, key: str, message: Message) -> Message:
        said = self.described[key]
        true = np.repeat(np.arange(len(CLASSES)), said.held(message.content[names.CONFIG][names.SPLIT])).tolist()
        return evaluation(message, said, true, [0] * len(true))

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
            answer = sums_record(sum_features(drawn(key, len(said.train_idx))))
        else:
            known = likeness_from(unpack(sent), D)
            far = count_distances(known.distances(drawn(f"{key} held out", len(said.val_idx))))
            answer = distances_record(DistanceCounts(far, far))
        whose = ConfigRecord({names.HOSPITAL: said.key, names.FILES: said.files_sha256})
        return Message(RecordDict({names.FAMILIARITY: ConfigRecord(dict(answer)), names.WHO: whose}), reply_to=message)


def test_a_run_writes_what_its_model_needs_and_a_resumed_one_the_same_bytes(tmp_path):
    check_writable(tmp_path)
    folders = [new_run(tmp_path), new_run(tmp_path)]
    a_federation(folders[0], Telling()).run(InProcessGrid(Telling(), 3))

    class Stopping(Telling):
        def __call__(self, message: Message, context) -> Message:
            if message.metadata.message_type == KIND:
                raise SystemExit
            return super().__call__(message, context)

    with pytest.raises(SystemExit):
        a_federation(folders[1], Stopping()).run(InProcessGrid(Stopping(), 3))
    saved = RunProgress.load(folders[1].checkpoint)
    a_federation(folders[1], Telling(), saved).run(InProcessGrid(Telling(), 3))
    one, other = (folder.familiarity.read_bytes() for folder in folders)
    assert one == other
    meta = json.loads(folders[0].meta.read_text())
    assert meta["familiarity"]["sha256"] == hashlib.sha256(one).hexdigest()
    assert meta["familiarity"]["val"]["slices"] == 90
    assert decode(one).threshold == meta["familiarity"]["threshold"]
    assert meta["temperature_choice"]["slices"] == 90


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
