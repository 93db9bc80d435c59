"""Hospitals that answer at once, without slices and without training: what is left is the federation around them.

Each sends a model as large as ResNet18 (42.7 MiB) back and marks when it was asked to train (`bench._marks`).
"""

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from bench._marks import mark
from common.config.settings import TrainPlan
from common.labels import CLASSES, NUM_CLASSES
from common.metrics.calibration import bin_confidences
from common.metrics.evaluation import EvaluateResult
from common.protocol import names as wire
from common.protocol.codec import pack, unpack
from common.protocol.description import Description, Numbers
from common.protocol.messages import evaluation_record
from common.training.optim import steps_in_round

_SLICES = 64


def pretend_hospitals(keys: list[str]) -> ClientApp:
    """Answer for every hospital as this project's server requires."""
    app = ClientApp()
    held = dict.fromkeys(CLASSES, 3 * _SLICES // NUM_CLASSES)
    numbers: Numbers = {
        "audit": [],
        "total_samples": 3 * _SLICES,
        "class_distribution": held,
        "unmatched_folders": [],
        "files_found": 3 * _SLICES,
        "unusable_files": 0,
        "missing_classes": [],
        "synthetic": True,
        "group_count": 3 * _SLICES,
    }

    def who(context: Context) -> tuple[str, ConfigRecord]:
        key = keys[int(context.node_config["partition-id"])]
        return key, ConfigRecord({wire.HOSPITAL: key, wire.FILES: "0"})

    @app.query()
    def describe(message: Message, context: Context) -> Message:
        key, record = who(context)
        train, val, test = (list(range(part * _SLICES, (part + 1) * _SLICES)) for part in range(3))
        city = (f"Hospital {key[1:]}", key, "bench", [0.0, 0.0])
        slices = (3 * _SLICES, train, val, test)
        third = dict.fromkeys(CLASSES, _SLICES // NUM_CLASSES)
        text = Description(
            key, *city, numbers, {"train": third, "val": third, "test": third}, 0, "0", *slices
        ).to_json()
        return Message(RecordDict({wire.WHO: record, wire.DESCRIPTION: ConfigRecord({"json": text})}), reply_to=message)

    @app.train()
    def train(message: Message, context: Context) -> Message:
        mark()
        model = unpack({name: array.numpy() for name, array in message.content[wire.ARRAYS].items()})
        steps = sum(steps_in_round(_SLICES, TrainPlan()))
        counted = {name: np.add(array, steps) if array.dtype.kind == "i" else array for name, array in model.items()}
        arrays = {name: Array(array) for name, array in pack(counted).items()}
        figures = {wire.SAMPLES: _SLICES, "steps": 2, "loss": 1.0, "accuracy": 0.5, "lr": 1e-4, "seconds": 0.0}
        content = {wire.ARRAYS: ArrayRecord(arrays), wire.METRICS: MetricRecord(figures), wire.WHO: who(context)[1]}
        return Message(RecordDict(content), reply_to=message)

    right = np.eye(NUM_CLASSES, dtype=np.int64) * (_SLICES // NUM_CLASSES)
    bins = bin_confidences(np.full(_SLICES, 0.5), np.ones(_SLICES, dtype=bool))
    figures = evaluation_record(EvaluateResult(_SLICES, 1.0, right, bins, seconds=0.0, calibrated_bins=bins))

    @app.evaluate()
    def evaluate(message: Message, context: Context) -> Message:
        return Message(
            RecordDict({wire.METRICS: MetricRecord(dict(figures)), wire.WHO: who(context)[1]}), reply_to=message
        )

    return app


def pretend_clients() -> ClientApp:
    """Answer for every hospital as Flower's FedAvg requires."""
    app = ClientApp()

    @app.train()
    def train(message: Message, context: Context) -> Message:
        mark()
        arrays = ArrayRecord(message.content["arrays"].to_torch_state_dict())
        figures = MetricRecord({"train_loss": 1.0, "num-examples": _SLICES})
        return Message(RecordDict({"arrays": arrays, "metrics": figures}), reply_to=message)

    @app.evaluate()
    def evaluate(message: Message, context: Context) -> Message:
        message.content["arrays"].to_torch_state_dict()
        figures = MetricRecord({"eval_loss": 1.0, "eval_acc": 0.5, "num-examples": _SLICES})
        return Message(RecordDict({"metrics": figures}), reply_to=message)

    return app
