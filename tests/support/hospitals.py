"""Hospitals of three numbers each, for tests of the server: they answer at once, and as a test wants them to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, MessageType, MetricRecord, RecordDict
from flwr.serverapp import Grid
from flwr.supercore.task_identity import TaskIdentity

from common.config.settings import DataPlan, ModelPlan, TrainPlan
from common.labels import CLASSES
from common.metrics.intervals import Resampling
from common.model.weights import Arrays
from common.protocol import names as wire
from common.protocol.codec import pack, unpack
from common.protocol.description import Description
from common.protocol.messages import evaluation_record
from common.protocol.plan import Plan
from common.training.evaluate import tally
from common.training.optim import steps_in_round
from tests.support.descriptions import description

# Flower wants to know in which process a message is made; the engines set this
TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id = 1, 1, 1

Twist = Callable[[str, Message, Message], Message]
SCALE = 0.125
LR = 1.0  # such that the hospitals' steps are no larger than training could make them
PLAN = Plan(42, 3, list(CLASSES), DataPlan(), ModelPlan(), TrainPlan(lr=LR, schedule="constant"))


def start_arrays() -> Arrays:
    """A model with a weight, a statistic and a counter."""
    return {
        "fc.weight": np.array([1.0, 2.0], np.float32),
        "bn.running_var": np.array([1.0], np.float32),
        "bn.num_batches_tracked": np.array(0, np.int64),
    }


def question(node: int, kind: str = MessageType.TRAIN, number: str = "1") -> Message:
    """A message to a node, as if it had been sent."""
    message = Message(RecordDict({}), dst_node_id=node, message_type=kind)
    message.metadata.__dict__["_message_id"] = number
    return message


def packed(arrays: Arrays) -> ArrayRecord:
    """A model as it travels."""
    return ArrayRecord({name: Array(array) for name, array in pack(arrays).items()})


def unpacked(content: RecordDict) -> Arrays:
    """The model of a message."""
    return unpack({name: array.numpy() for name, array in content[wire.ARRAYS].items()})


def update(message: Message, who: Description, arrays: Arrays, samples: int | None = None, **metrics: Any) -> Message:
    """A hospital's answer to "train"."""
    numbers = {
        wire.SAMPLES: who.train_samples if samples is None else samples,
        "steps": 2,
        "loss": 0.5,
        "accuracy": 0.75,
        "lr": 1e-3,
        "seconds": 0.1,
    }
    records = {
        wire.ARRAYS: packed(arrays),
        wire.METRICS: MetricRecord(numbers | metrics),
        wire.WHO: ConfigRecord({wire.HOSPITAL: who.key, wire.FILES: who.files_sha256}),
    }
    return Message(RecordDict(records), reply_to=message)


def evaluation(message: Message, who: Description, true: list[int], predicted: list[int], loss: float = 1.0) -> Message:
    """A hospital's answer to "evaluate"; each slice is a group of its own."""
    asked = message.content.get(wire.CONFIG, {})
    resampling = Resampling(np.arange(len(true)), 1) if asked.get(wire.SPLIT) == "test" else None
    logits = 2 * torch.eye(len(CLASSES))[predicted]
    result = tally(logits, torch.tensor(true), float(asked.get(wire.TEMPERATURE, 1.0)), resampling)
    metrics = dict(evaluation_record(replace(result, loss_sum=loss * len(true), seconds=0.1)))
    whose = ConfigRecord({wire.HOSPITAL: who.key, wire.FILES: who.files_sha256})
    return Message(RecordDict({wire.METRICS: MetricRecord(metrics), wire.WHO: whose}), reply_to=message)


class Hospitals:
    """A ClientApp for several made-up hospitals; each adds an eighth of its own step to the weights it is sent, and to
    the counters the optimiser steps that its slices make.

    `twist` may replace an answer: it gets the key, the message and the answer.
    """

    def __init__(
        self, steps: dict[str, float], twist: Callable[[str, Message, Message], Message] | None = None
    ) -> None:
        self.described = {key: description(key, train=4 * (i + 1)) for i, key in enumerate(steps)}
        self.fingerprints: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self._steps = steps
        self._twist = twist

    @property
    def names(self) -> dict[str, str]:
        """Key to name."""
        return {key: said.name for key, said in self.described.items()}

    def __call__(self, message: Message, context: Context) -> Message:
        key = list(self._steps)[int(context.node_config["partition-id"])]
        kind = message.metadata.message_type
        if kind == "train" and message.content[wire.CONFIG].get(wire.MODEL) and not message.content[wire.ARRAYS]:
            return self._without_model(key, message)
        self.asked.append((kind, key))
        answers = {
            "query": self._describe,
            "query.fingerprints": self._fingerprints,
            "train": self._train,
            "evaluate": self._evaluate,
            "evaluate.familiarity": self._no_sums,
        }
        answer = answers[kind](key, message)
        return self._twist(key, message, answer) if self._twist else answer

    def _without_model(self, key: str, message: Message) -> Message:
        """They keep no model, so each is sent it whole."""
        whose = ConfigRecord({wire.HOSPITAL: key, wire.FILES: self.described[key].files_sha256})
        refusal = ConfigRecord({"code": wire.NO_MODEL, "sentence": "It is not kept here.", "exit-code": 1})
        return Message(RecordDict({wire.WHO: whose, wire.REFUSAL: refusal}), reply_to=message)

    def _describe(self, key: str, message: Message) -> Message:
        said = self.described[key]
        whose = ConfigRecord({wire.HOSPITAL: key, wire.FILES: said.files_sha256})
        records = {wire.WHO: whose, wire.DESCRIPTION: ConfigRecord({"json": said.to_json()})}
        return Message(RecordDict(records), reply_to=message)

    def _fingerprints(self, key: str, message: Message) -> Message:
        """Hospitals without a key send none; a test puts others into `fingerprints`."""
        whose = ConfigRecord({wire.HOSPITAL: key, wire.FILES: self.described[key].files_sha256})
        records = {wire.WHO: whose, wire.FINGERPRINTS: ConfigRecord({"json": self.fingerprints.get(key, "")})}
        return Message(RecordDict(records), reply_to=message)

    def _train(self, key: str, message: Message) -> Message:
        step = self._steps[key]
        arrays = unpacked(message.content)
        steps = sum(steps_in_round(self.described[key].train_samples, PLAN.train))
        trained = {
            name: array + array.dtype.type(steps if array.dtype.kind == "i" else SCALE * step)
            for name, array in arrays.items()
        }
        return update(message, self.described[key], {name: np.asarray(value) for name, value in trained.items()})

    def _no_sums(self, key: str, message: Message) -> Message:
        """They have fewer slices than features."""
        whose = ConfigRecord({wire.HOSPITAL: key, wire.FILES: self.described[key].files_sha256})
        return Message(RecordDict({wire.WHO: whose, wire.FAMILIARITY: ConfigRecord({})}), reply_to=message)

    def _evaluate(self, key: str, message: Message) -> Message:
        return evaluation(message, self.described[key], [0, 1], [0, 2])


class ScriptedGrid(Grid):
    """A grid that answers what and when a test says: put replies into `ready`, by the message's number."""

    def __init__(self, nodes: Iterable[int] = (1, 2, 3)) -> None:
        self.nodes = list(nodes)
        self.pushed: list[Message] = []
        self.ready: dict[str, Message] = {}

    def set_run(self, run: Any) -> None:
        pass

    @property
    def run(self) -> Any:
        raise NotImplementedError

    def create_message(self, *args: Any, **kwargs: Any) -> Message:
        raise NotImplementedError

    send_and_receive = create_message

    def get_node_ids(self) -> Iterable[int]:
        return list(self.nodes)

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        numbers = []
        for message in messages:
            self.pushed.append(message)
            numbers.append(str(len(self.pushed)))
            message.metadata.__dict__["_message_id"] = numbers[-1]
        return numbers

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        return [self.ready.pop(number) for number in message_ids if number in self.ready]

    def answer(self, index: int) -> Message:
        """Let the answer to the message pushed as number `index`, from 0, arrive."""
        message = self.pushed[index]
        node = message.metadata.dst_node_id
        reply = Message(RecordDict({wire.WHO: ConfigRecord({"node": node})}), reply_to=message)
        self.ready[message.metadata.message_id] = reply
        return reply
