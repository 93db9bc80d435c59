"""``python -m bench.many_hospitals``: what a hospital more costs the server, in memory and in CPU seconds.

Hospitals that answer at once with a model as large as ResNet18 (42.7 MiB, `bench._pretend`) take part in this
project's own rounds, in process and with Ray, and in Flower's FedAvg with ``run_simulation``. So what is measured is
the federation alone, without training and without a run's files; that updates wait on disk is part of it. Each is a
program of its own; memory and CPU seconds are those of all its processes (`bench._family`). A round lasts from its
first training to that of the next.

The last line is the memory of the first engine with the most hospitals over that with the fewest.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from flwr.app import ArrayRecord, Context
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench._family import Course, follow
from bench._pretend import pretend_clients, pretend_hospitals
from common.config.settings import DataPlan, ModelPlan, TrainPlan
from common.config.strategies import StrategySettings
from common.labels import CLASSES
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.protocol.plan import Plan
from common.protocol.postprocess import chain_of
from common.training.device import available_cores
from server.engines import inprocess
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

ENGINES = {"inprocess": "here, in process", "ray": "here, Ray", "flower": "Flower's own"}
_ROUNDS = 2
_TIMEOUT_SECONDS = 3600.0


@dataclass(frozen=True)
class Cost:
    """What so many hospitals cost."""

    cpu: float  # seconds of all processes, of a hospital in a round
    peak: float  # MiB of all processes


def main(arguments: list[str] | None = None) -> None:
    """Measure each number of hospitals in each engine and print a table."""
    command = argparse.ArgumentParser(prog="python -m bench.many_hospitals")
    command.add_argument("--hospitals", type=int, nargs="+", default=[3, 10, 30, 100])
    command.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    given = command.parse_args(arguments)
    load = os.getloadavg()[0]
    costs: dict[int, dict[str, Cost]] = {count: {} for count in sorted(given.hospitals)}
    for count in costs:
        for engine in given.engines:
            said = f"{count} hospitals, {ENGINES[engine]}:"
            try:
                course = follow(["-c", f"from bench.many_hospitals import run; run({engine!r}, {count})"])
                costs[count][engine] = cost = cost_of(course, count)
            except SystemExit as error:  # too many for this machine, say; the others go on
                print(f"{said} {error}", file=sys.stderr, flush=True)
            else:
                print(f"{said} {cost.cpu:.2f} s, {cost.peak:.0f} MiB", file=sys.stderr, flush=True)
    Console(highlight=False).print(results(costs, given.engines))
    print(f"CPU seconds of a hospital and round, peak MiB; {available_cores()} cores, load {load:.1f} at the start")
    engine = given.engines[0]
    measured = [count for count in costs if engine in costs[count]]
    if not measured:
        raise SystemExit(f"Nothing could be measured {ENGINES[engine]}.")
    fewest, most = measured[0], measured[-1]
    ratio = costs[most][engine].peak / costs[fewest][engine].peak
    print(f"ratio={ratio:.2f} (memory {ENGINES[engine]}, {most} hospitals over {fewest})")


def cost_of(course: Course, hospitals: int) -> Cost:
    """Take the cost from a program's course; each hospital marks each training.

    Raises
    ------
    SystemExit
        With what the program said, if a hospital was left out.
    """
    if len(course.marks) != _ROUNDS * hospitals:
        raise SystemExit(f"{course.said}\n{len(course.marks)} trainings, not {_ROUNDS * hospitals}.")
    return Cost(course.cpu_between(course.marks[0], course.marks[hospitals]) / hospitals, course.peak)


def results(costs: dict[int, dict[str, Cost]], engines: list[str]) -> Table:
    """Return the table: a line for each number of hospitals, a dash where it could not be measured."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("hospitals", justify="right")
    for engine in engines:
        table.add_column(f"{ENGINES[engine]}\nCPU s", justify="right")
        table.add_column("\nMiB", justify="right")
    for count, measured in costs.items():
        table.add_row(str(count), *(cell for engine in engines for cell in _cells(measured.get(engine))))
    return table


def _cells(cost: Cost | None) -> tuple[str, str]:
    return (f"{cost.cpu:.2f}", f"{cost.peak:,.0f}") if cost else ("–", "–")


def run(engine: str, count: int) -> None:
    """Run two rounds in this process."""
    if engine == "flower":
        from flwr.simulation import run_simulation

        run_simulation(_flowers_server(count), pretend_clients(), num_supernodes=count)
        return
    keys = [f"h{number:03d}" for number in range(count)]
    cores = available_cores()
    place = Place(simulated=True, cores=cores, threads=cores if engine == "inprocess" else None)
    server, hospitals = _server(keys, place), pretend_hospitals(keys)
    if engine == "inprocess":
        inprocess.launch(server, hospitals, count)
    else:
        from server.engines import ray

        ray.launch(server, hospitals, count, min(count, cores), threading.Event())


def _server(keys: list[str], place: Place) -> ServerApp:
    """Run this project's rounds; updates wait on disk."""
    app = ServerApp()

    @app.main()
    def main(grid: Grid, context: Context) -> None:
        names = {key: f"Hospital {key[1:]}" for key in keys}
        plan = Plan(42, _ROUNDS, list(CLASSES), DataPlan(), ModelPlan(), TrainPlan())
        exchange, listener = Exchange(grid, threading.Event(), place), Listener()
        policy = QuorumPolicy(len(keys), _TIMEOUT_SECONDS, _TIMEOUT_SECONDS)
        members = Participants(exchange, plan, names, policy, listener, {}, lambda description: None)
        members.gather()
        strategy, local = make_strategy(StrategySettings(), plan), LocalStates(plan, RunProgress({}))
        with tempfile.TemporaryDirectory() as folder:
            store = UpdateStore(Path(folder))
            training = TrainingPhase(members, exchange, strategy, chain_of(plan), store, local, listener)
            rounds = Rounds(training, EvaluationPhase(plan, members, exchange, listener), strategy, local)
            arrays = arrays_from_state(initial_weights("resnet18", 0))
            for number in range(1, _ROUNDS + 1):
                arrays, _ = rounds.run_round(number, arrays)
            store.close()

    return app


def _flowers_server(count: int) -> ServerApp:
    """Run Flower's FedAvg."""
    app = ServerApp()

    @app.main()
    def main(grid: Grid, context: Context) -> None:
        all_of_them = {f"min_{kind}_nodes": count for kind in ("train", "evaluate", "available")}
        arrays = ArrayRecord(initial_weights("resnet18", 0))
        FedAvg(**all_of_them).start(grid=grid, initial_arrays=arrays, num_rounds=_ROUNDS, timeout=_TIMEOUT_SECONDS)

    return app


if __name__ == "__main__":
    main()
