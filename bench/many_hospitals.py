"""``python -m bench.many_hospitals``: whether the server's memory grows with the number of hospitals.

Hospitals that answer at once send ResNet18 (42.7 MiB) to the server's own rounds; each number of hospitals runs in a
process of its own, whose largest resident size is measured. ``--in-memory`` leaves updates in memory, as Flower does.
The last line is the size with the most hospitals over that with the fewest.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.supercore.task_identity import TaskIdentity

from common.config.settings import DataPlan, ModelPlan, TrainPlan
from common.config.strategies import StrategySettings
from common.labels import CLASSES, NUM_CLASSES
from common.metrics.calibration import bin_confidences
from common.metrics.evaluation import EvaluateResult
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.protocol import names as wire
from common.protocol.codec import pack, unpack
from common.protocol.description import Description, Numbers
from common.protocol.messages import evaluation_record
from common.protocol.plan import Plan
from common.protocol.postprocess import chain_of
from common.training.optim import steps_in_round
from server.engines.inprocess import InProcessGrid
from server.federation.evaluation_phase import EvaluationPhase
from server.federation.exchange import Exchange, Place
from server.federation.local_state import LocalStates
from server.federation.participants import Participants, QuorumPolicy
from server.federation.rounds import Rounds
from server.federation.training_phase import TrainingPhase
from server.federation.update_store import UpdateStore
from server.recording.checkpoint import RunProgress
from server.recording.events import Listener
from server.strategies.registry import make_strategy

_SLICES = 64
_ROUNDS = 2


def main(arguments: list[str] | None = None) -> None:
    """Measure each number of hospitals and print a line for it."""
    command = argparse.ArgumentParser(prog="python -m bench.many_hospitals")
    command.add_argument("--hospitals", type=int, nargs="+", default=[3, 10, 30])
    command.add_argument("--in-memory", action="store_true")
    command.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    given = command.parse_args(arguments)
    if given.measure:
        print(measure(given.hospitals[0], given.in_memory))
        return
    sizes = {}
    for count in given.hospitals:
        one = ["--measure", "--hospitals", str(count), *(["--in-memory"] if given.in_memory else [])]
        alone = [sys.executable, "-m", "bench.many_hospitals", *one]
        sizes[count] = float(subprocess.run(alone, check=True, stdout=subprocess.PIPE).stdout)
        print(f"{count:>3} hospitals: {sizes[count]:6.0f} MiB at most", flush=True)
    fewest, most = min(sizes), max(sizes)
    print(f"ratio={sizes[most] / sizes[fewest]:.2f} (largest resident size, {most} hospitals over {fewest})")


def measure(count: int, in_memory: bool) -> float:
    """Return the process's largest resident size in MiB after two rounds."""
    TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id = 1, 1, 1
    names = {f"h{number:02d}": f"Hospital {number:02d}" for number in range(count)}
    plan = Plan(42, _ROUNDS, list(CLASSES), DataPlan(), ModelPlan(), TrainPlan())
    place, listener = Place(simulated=True, cores=1, threads=1), Listener()
    exchange = Exchange(InProcessGrid(_hospitals(list(names)), count), threading.Event(), place)
    policy = QuorumPolicy(count, 60, 600)
    members = Participants(exchange, plan, names, policy, listener, {}, lambda description: None)
    members.gather()
    strategy, local = make_strategy(StrategySettings(), plan), LocalStates(plan, RunProgress({}))
    with tempfile.TemporaryDirectory() as folder:
        store = UpdateStore(None if in_memory else Path(folder))
        training = TrainingPhase(members, exchange, strategy, chain_of(plan), store, local, listener)
        rounds = Rounds(training, EvaluationPhase(plan, members, exchange, listener), strategy, local)
        arrays = arrays_from_state(initial_weights("resnet18", 0))
        for number in range(1, _ROUNDS + 1):
            arrays, _ = rounds.run_round(number, arrays)
        store.close()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _hospitals(keys: list[str]) -> ClientApp:
    """Answer for every hospital, without slices."""
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


if __name__ == "__main__":
    main()
