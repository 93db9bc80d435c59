"""One node trains for all, and nobody is said to have been asked."""

import numpy as np
import pytest
from flwr.app import Message

from common.artifacts.schema import to_json
from common.config.strategies import StrategySettings
from common.errors import RunError
from common.protocol import names
from server.federation.training_phase import EVERYBODY
from tests.server.federation.test_rounds import Told, rounds_of
from tests.support.hospitals import SCALE, Hospitals, start_arrays, unpacked, update
from tests.support.updates import strategy_of


def pooled_strategy():
    return strategy_of(StrategySettings("pooled"))


STEPS = {"a": 1.0, "b": 2.0, "c": 4.0}


def pooling(key: str, message: Message, answer: Message) -> Message:
    """Answer as a node that trained on 4 + 8 + 12 slices."""
    if message.metadata.message_type != "train":
        return answer
    assert list(message.content[names.CONFIG][names.POOL]) == ["a", "b", "c"]
    arrays = unpacked(answer.content) | {"bn.num_batches_tracked": np.array(3, np.int64)}  # a step of each
    return update(message, hospitals.described[key], arrays, samples=24, loss=0.25, accuracy=0.875, steps=7)


hospitals = Hospitals(STEPS, pooling)


def test_one_trains_and_all_validate():
    told = Told()
    hospitals.asked.clear()
    arrays, record = rounds_of(hospitals, told, strategy=pooled_strategy()).run_round(1, start_arrays())
    kinds = [kind for kind, _ in hospitals.asked]
    assert kinds == ["query"] * 3 + ["train"] + ["evaluate"] * 3
    assert arrays["fc.weight"].tolist() == [1.0 + SCALE, 2.0 + SCALE], "the first hospital's step, averaged with none"
    assert (record.asked, record.replied, record.failed) == ([], [], [])
    assert record.validated == list(hospitals.names.values())
    assert ("trained", EVERYBODY) in told.events
    row = to_json(record)
    assert (row["train_loss"], row["train_accuracy"]) == (0.25, 0.875)
    assert row["pooled"]["hospitals"] == list(hospitals.names.values())
    assert (row["pooled"]["train_samples"], row["pooled"]["train_steps"]) == (24, 7)
    assert not any("train_loss" in part for part in row["hospitals"].values())


@pytest.mark.parametrize(
    ("samples", "loss", "says"), [(23, 0.5, "23 slices, but it described 24"), (24, float("nan"), "not finite")]
)
def test_a_pooled_training_that_is_wrong_ends_the_run(samples, loss, says):
    def wrong(key, message, answer):
        if message.metadata.message_type != "train":
            return answer
        return update(message, made_up.described[key], start_arrays(), samples=samples, loss=loss)

    made_up = Hospitals(STEPS, wrong)
    with pytest.raises(RunError, match=rf"RUN015.*{says}"):
        rounds_of(made_up, strategy=pooled_strategy()).run_round(1, start_arrays())
