"""What the sum of masked updates is off by, whoever is lost: ``python -m bench.secagg [--hospitals 3 8]``.

Hospitals on machines of their own, in this process (`bench._separate`), train one round of real messages. First without
masks, and what each of them trained is kept as it passes. Then with ``privacy=secagg``: nobody is lost; each hospital
in turn is killed at each step and stays away; two are killed together, one more than the default threshold allows. A
killed hospital's app raises, which reaches the centre as an error of Flower's, as between machines.

The new model is compared with the mean, in float64, of what those trained whose updates are in the sum. A weight may be
off by half a step at each hospital (`common.secagg.quantise`; the column "bound" is that), and by float32's own
rounding. The last column is the largest difference over both together, of any weight and any statistic.

Weights are summed in 16 bits, the coarsest there is. Settings at the end are those of a run, such as
``privacy.bits=24``. The network is a small ResNet18, since what is added up is numbers, whatever they belong to;
``--resnet18`` takes the real one. The last line is the largest of the last column; above one, or where a run ended that
should have gone on, the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from flwr.app import Context, Message
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench._separate import Answer, run_with
from common.artifacts.layout import RunFolder
from common.config.hospital import Hospital
from common.config.hydra import compose_settings, load_hospitals
from common.errors import RunError
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.model.weights import Arrays, is_weight
from common.phantoms.folders import make_phantoms
from common.protocol import names
from common.protocol.codec import unpack
from common.protocol.plan import Plan
from common.secagg.quantise import Quantiser
from common.secagg.session import Question, Session, from_text
from common.training.optim import learning_rate
from tests.support.small_network import in_place_of_resnet18

STEPS = {
    "advertise": "keys",
    "share": "shares",
    "mask": "training, masked update",
    "survivors": "signing who is in the sum",
    "open": "opening",
    "validate": "validation, after the opening",
}
_IN_THE_SUM = ("survivors", "open", "validate")
_PHANTOMS = "hospitals=[phantom_jaipur,phantom_hyderabad,phantom_kolkata]"
_PLAIN = ("strategy.clip_to_median=null", "strategy.weight_to_median=null")
_QUICK = (
    "rounds=1",
    "wire=float32",
    "data.image_size=32",
    "data.max_per_class=8",
    "data.cross_hospital_check=false",
    "train.batch_size=16",
    "train.lr=1e-3",
    "strategy.attempts=1",  # who was killed stays away
    "strategy.wait_seconds=10",
    "privacy.bits=16",
    "compute.threads=1",
    "in_service=false",
)


@dataclass(frozen=True)
class Outcome:
    """What became of one run; without a sum, only the sentence that it ended in."""

    in_the_sum: tuple[str, ...] = ()  # keys
    failed: tuple[str, ...] = ()  # names of hospitals that the round's record says were lost
    bound: float = 0.0  # of the quantisation
    largest: float = 0.0  # difference of a weight
    ratio: float = 0.0  # of any difference to what it may be, the largest
    ended: str = ""


class Line:
    """Stands between the centre and the hospitals: kills hospitals, and keeps what passes.

    Parameters
    ----------
    keys : sequence of str
        The hospitals, in order.
    killed_at : mapping of str to str
        Hospital to the step in which it is asked something and does not answer any more.
    """

    def __init__(self, keys: Sequence[str], killed_at: Mapping[str, str]) -> None:
        self.sent: dict[str, Arrays] = {}  # what each hospital sent
        self.samples: dict[str, int] = {}
        self.session: Session | None = None
        self.plan: Plan | None = None
        self._keys, self._killed_at = keys, killed_at
        self._dead: set[str] = set()

    def watch(self, answer: Answer) -> Answer:
        """Take the hospitals' place."""

        def watched(message: Message, context: Context) -> Message:
            key = self._keys[int(context.node_config["partition-id"])]
            step = _step_of(message)
            if self._killed_at.get(key) == step:
                self._dead.add(key)
            if key in self._dead:
                raise ConnectionError("its process was killed")
            reply = answer(message, context)
            if step == "mask" and reply.has_content() and names.ARRAYS in reply.content:
                self._keep(key, message, reply)
            return reply

        return watched

    def _keep(self, key: str, message: Message, reply: Message) -> None:
        self.plan = Plan.from_json(str(message.content[names.CONFIG][names.PLAN]))
        self.samples[key] = int(reply.content[names.METRICS][names.SAMPLES])
        if self.plan.privacy.is_secure:
            self.session = from_text(str(message.content[names.SECAGG][names.JSON]), Question).session
        else:
            self.sent[key] = unpack({name: array.numpy() for name, array in reply.content[names.ARRAYS].items()})


@dataclass
class Cohort:
    """Hospitals, and what each of them makes of the first model in the first round.

    Attributes
    ----------
    place : Path
        Holds their slices, caches and, while it lasts, a run.
    overrides : sequence of str
        Settings of each run.
    """

    hospitals: Sequence[Hospital]
    place: Path
    overrides: Sequence[str] = ()
    trained: dict[str, Arrays] = field(default_factory=dict)
    samples: dict[str, int] = field(default_factory=dict)

    @staticmethod
    def of(count: int, place: Path, overrides: Sequence[str] = ()) -> Cohort:
        """Draw slices for so many hospitals and let them train without masks.

        From the fourth on hospitals share folders: each trains in an order of its own, so that no two updates are
        alike.
        """
        phantoms = load_hospitals(compose_settings([_PHANTOMS]).hospitals)
        make_phantoms(place / "slices", image_size=48, slices_per_class=16, faults=False)
        hospitals = [
            replace(phantoms[number % len(phantoms)], key=f"hospital_{number + 1}", name=f"Hospital {number + 1}")
            for number in range(count)
        ]
        cohort = Cohort(hospitals, place, overrides)
        with cohort._run({}, *_PLAIN) as (_, line):
            cohort.trained, cohort.samples = line.sent, line.samples
        if missing := set(cohort.keys) - set(cohort.trained):
            raise SystemExit(f"{', '.join(sorted(missing))} did not train.")
        return cohort

    @property
    def keys(self) -> list[str]:
        """Of the hospitals, in order."""
        return [each.key for each in self.hospitals]

    def without(self, killed_at: Mapping[str, str]) -> Outcome:
        """Run with secure aggregation, in which hospitals are killed, each at a step."""
        try:
            with self._run(killed_at, "privacy=secagg") as (folder, line):
                return self._outcome(folder, line)
        except RunError as error:
            return Outcome(ended=str(error))

    def _outcome(self, folder: RunFolder, line: Line) -> Outcome:
        (row,) = json.loads(folder.history.read_text())
        replied = tuple(each.key for each in self.hospitals if each.name in row["replied"])
        state = torch.load(folder.best_weights, weights_only=True)
        assert line.session is not None
        assert line.plan is not None
        first = arrays_from_state(initial_weights(line.plan.model.name, line.plan.seed))
        rate = learning_rate(line.plan.train, 0, line.plan.rounds)
        quantiser = Quantiser.of(first, line.session, line.plan.train, rate)
        samples = [self.samples[key] for key in replied]
        mean = mean_of([self.trained[key] for key in replied], samples)
        steps = {name: step * len(replied) / (2 * sum(samples)) for name, step in quantiser.steps.items()}
        largest, ratio = off_by(arrays_from_state(state), mean, steps)
        failed = tuple(sorted({each["hospital"] for each in row["failed"]}))
        return Outcome(replied, failed, quantiser.error(len(replied), sum(samples)), largest, ratio)

    @contextmanager
    def _run(self, killed_at: Mapping[str, str], *overrides: str) -> Iterator[tuple[RunFolder, Line]]:
        """Run, and yield what it left, as long as it is looked at."""
        output = Path(tempfile.mkdtemp(dir=self.place))
        first = [_PHANTOMS, f"data.root={self.place / 'slices'}", f"output_dir={output}", *_QUICK]
        settings = compose_settings([*first, *self.overrides, *overrides])
        settings.hospitals = self.keys
        line = Line(self.keys, killed_at)
        try:
            yield run_with(settings, self.hospitals, self.place / "caches", line.watch), line
        finally:
            shutil.rmtree(output)


def mean_of(updates: Sequence[Arrays], samples: Sequence[int]) -> dict[str, npt.NDArray[np.float64]]:
    """Return the mean of models, weighted by slices, in float64."""
    return {
        name: np.average([each[name].astype(np.float64) for each in updates], axis=0, weights=samples)
        for name in updates[0]
    }


def off_by(
    model: Arrays, mean: Mapping[str, npt.NDArray[np.float64]], bounds: Mapping[str, float]
) -> tuple[float, float]:
    """Return how far a model is from a mean: a weight at most, and anything over what it may be at most.

    Parameters
    ----------
    bounds : mapping of str to float
        How far a number of each tensor may be off, beside the rounding to float32; counters may not, and have none.
    """
    largest = ratio = 0.0
    for name, value in model.items():
        if name not in bounds:
            ratio = max(ratio, float("inf") if np.any(value != np.rint(mean[name])) else 0.0)
            continue
        gap = np.abs(value.astype(np.float64) - mean[name])
        ratio = max(ratio, float((gap / (bounds[name] + np.spacing(np.abs(value)) / 2)).max(initial=0.0)))
        if is_weight(name):
            largest = max(largest, float(gap.max(initial=0.0)))
    return largest, ratio


@dataclass(frozen=True)
class Row:
    """Runs that are alike but for who is lost."""

    hospitals: int
    lost: str
    outcomes: Sequence[Outcome]
    in_the_sum: int  # as many as should be; none where the run should end

    @property
    def is_right(self) -> bool:
        """Whether each run did what it should."""
        if not self.in_the_sum:
            return all(each.ended for each in self.outcomes)
        return all(len(each.in_the_sum) == self.in_the_sum and each.ratio <= 1 for each in self.outcomes)


def measure(cohort: Cohort) -> Iterator[Row]:
    """Lose nobody, each hospital at each step, and two at a time."""
    keys, count = cohort.keys, len(cohort.keys)
    yield Row(count, "nobody", [cohort.without({})], count)
    for step, words in STEPS.items():
        outcomes = [cohort.without({key: step}) for key in keys]
        yield Row(count, words, outcomes, count if step in _IN_THE_SUM else count - 1)
    for step in ("mask", "open"):
        yield Row(count, f"two at {STEPS[step]}", [cohort.without(dict.fromkeys(keys[:2], step))], 0)


def results(rows: Sequence[Row]) -> Table:
    """Return the table."""
    table = Table(box=SIMPLE_HEAD)
    table.add_column("hospitals", justify="right")
    table.add_column("one is lost at")
    for heading in ("runs", "in the sum", "bound", "largest difference", "of what may be"):
        table.add_column(heading, justify="right")
    for row in rows:
        summed = [each for each in row.outcomes if not each.ended]
        cells = ["ended: not opened", "", "", ""]
        if summed:
            counts = sorted({len(each.in_the_sum) for each in summed})
            largest = (max(each.bound for each in summed), max(each.largest for each in summed))
            figures = [f"{figure:.1e}" for figure in largest]
            cells = [" or ".join(map(str, counts)), *figures, f"{max(each.ratio for each in summed):.2f}"]
        table.add_row(str(row.hospitals), row.lost, str(len(row.outcomes)), *cells)
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    given = _options(arguments)
    rows: list[Row] = []
    with nullcontext() if given.resnet18 else in_place_of_resnet18():
        for count in given.hospitals:
            with tempfile.TemporaryDirectory(prefix="bench-secagg-") as place:
                for row in measure(Cohort.of(count, Path(place), given.overrides)):
                    print(f"{row.hospitals} hospitals, {row.lost}", file=sys.stderr, flush=True)
                    rows.append(row)
    Console(highlight=False, width=120).print(results(rows))
    ended = {each.ended for row in rows for each in row.outcomes if each.ended}
    print("\n".join(sorted(ended)))
    ratio = max(each.ratio for row in rows for each in row.outcomes)
    print(f"ratio={ratio:.2f} (largest difference over what it may be)")
    if wrong := [row for row in rows if not row.is_right]:
        raise SystemExit(f"Not as it should be: {', '.join(f'{row.hospitals}, {row.lost}' for row in wrong)}.")


def _step_of(message: Message) -> str:
    """Return the step that a message asks for; empty for one that is none of a round."""
    kind, config = message.metadata.message_type, message.content[names.CONFIG]
    if kind == f"query.{names.SECAGG}":
        return from_text(str(message.content[names.SECAGG][names.JSON]), Question).step
    if kind == "train":
        return "mask"
    return "validate" if config.get(names.SPLIT) == "val" else ""


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    command = argparse.ArgumentParser(
        prog="python -m bench.secagg", description="What the sum of masked updates is off by, whoever is lost."
    )
    command.add_argument("--hospitals", type=int, nargs="+", default=[3, 8], help="of each federation (3 8)")
    command.add_argument("--resnet18", action="store_true", help="the real network in place of a small one")
    command.add_argument("overrides", nargs="*", help="setting=value ...")
    return command.parse_args(arguments)


if __name__ == "__main__":
    main()
