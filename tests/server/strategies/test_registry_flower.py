"""Each strategy that Flower has too gives Flower's own bits, over rounds, with every number of the settings in use."""

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict
from flwr.serverapp import strategy as flower

from common.config.strategies import StrategySettings
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.model.weights import Arrays, weights_of
from tests.support.hospitals import question
from tests.support.updates import strategy_of, updates_of

WHOLE = weights_of(arrays_from_state(initial_weights("resnet18", 0)))
START = {name: array for name, array in WHOLE.items() if name.startswith(("conv1", "bn1", "layer1.0", "fc"))}
SAMPLES = [30, 10, 20, 7, 13]
ADAPTIVE = {"server_lr": 0.003, "beta_1": 0.8, "beta_2": 0.95, "tau": 1e-3}
FLOWERS = {"eta": 0.003, "beta_1": 0.8, "beta_2": 0.95, "tau": 1e-3}


def trained(start: Arrays, hospital: int, server_round: int) -> Arrays:
    generator = np.random.default_rng([hospital, server_round])
    return {name: array + 0.01 * generator.standard_normal(array.shape).astype("f4") for name, array in start.items()}


def reply(model: Arrays, samples: int, number: int) -> Message:
    arrays = ArrayRecord({name: Array(value) for name, value in model.items()})
    content = RecordDict({"arrays": arrays, "metrics": MetricRecord({"num-examples": samples})})
    return Message(content, reply_to=question(number))


@pytest.mark.parametrize(
    ("settings", "theirs"),
    [
        (StrategySettings("fedavg"), flower.FedAvg()),
        (
            StrategySettings("fedavgm", server_lr=0.7, server_momentum=0.6),
            flower.FedAvgM(server_learning_rate=0.7, server_momentum=0.6),
        ),
        (StrategySettings("fedadam", **ADAPTIVE), flower.FedAdam(**FLOWERS)),
        (StrategySettings("fedyogi", **ADAPTIVE), flower.FedYogi(**FLOWERS)),
        (StrategySettings("fedmedian"), flower.FedMedian()),
        (StrategySettings("fedtrimmedavg", trim_fraction=0.25), flower.FedTrimmedAvg(beta=0.25)),
        (StrategySettings("krum", malicious_hospitals=1), flower.Krum(num_malicious_nodes=1)),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_the_bits_are_flowers(settings, theirs):
    ours, here = strategy_of(settings), START
    theirs.current_arrays = None
    for server_round in (1, 2, 3):
        models = [trained(here, hospital, server_round) for hospital in range(len(SAMPLES))]
        if isinstance(theirs, flower.FedAvgM):
            theirs.current_arrays = ArrayRecord({name: Array(value) for name, value in here.items()})
        elif settings.name in ("fedadam", "fedyogi"):
            theirs.current_arrays = dict(here)
        replies = [reply(model, n, i) for i, (model, n) in enumerate(zip(models, SAMPLES, strict=True), 1)]
        expected, _ = theirs.aggregate_train(server_round, replies)
        found = ours.aggregate(server_round, updates_of(*zip(models, SAMPLES, strict=True)), here)
        for name, array in found.items():
            assert np.array_equal(array, expected[name].numpy().astype(array.dtype)), (server_round, name)
        here = found
