"""The chain that an update goes through between training and the average.

A step has a half at the hospital and a half at the server, in one file under ``common/protocol/steps/``: what the first
half does to an update, the second undoes, checks or refuses. Hospitals go through the chain in its order, the server
through the same chain backwards. Neither training nor the rounds nor the strategies know which steps there are.

The idea is the postprocessor of apple/pfl-research.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from common.model.weights import AnyArray, Arrays
from common.protocol import steps as steps_folder
from common.protocol.plan import Plan
from common.text import plain

_LONGEST_CLAUSE = 1_100


class UnusableAnswer(Exception):
    """An answer that the server leaves out; its text is one clause that says why.

    The clause goes to the screen, the log and the files of the run, and parts of it may be a hospital's own words, so
    it is made plain here, whoever raises it.
    """

    def __init__(self, clause: str) -> None:
        super().__init__(plain(clause, _LONGEST_CLAUSE))


@dataclass
class StepState:
    """What a step keeps from one round to the next on its side; empty before the first.

    A hospital's lies in its own cache folder, the server's in the checkpoint, so that a round that is repeated and a
    run that is resumed find what the last accepted round left.
    """

    load: Callable[[], Arrays] = dict
    save: Callable[[Arrays], None] = field(default=lambda arrays: None)


@dataclass(frozen=True)
class UpdateContext:
    """What a step may know of the update in its hands."""

    plan: Plan
    server_round: int  # from 1
    hospital: str  # its key
    samples: int  # training slices of the hospital
    steps: int  # optimiser steps that the plan asks of it in this round
    reference: Arrays  # the model that was sent, as far as it travels
    state_of: Callable[[str], StepState] = field(default=lambda step: StepState())  # by the step's name
    rates: Sequence[float] = ()  # learning rate of each of these steps, as far as it is known


@dataclass(frozen=True)
class RoundUpdates:
    """The usable updates of one round, which may lie on disk.

    Attributes
    ----------
    hospitals : sequence of str
        Keys, in configured order, which is the order of every sum.
    samples : sequence of int
        Training slices of each hospital.
    read : callable
        Gives each hospital's checked arrays, in the same order; may be called again.
    counts : sequence of float
        What each hospital counts in a mean; empty where that is its training slices.
    shares : sequence of mapping
        What the chain has left of the way of a hospital's weights, by tensor; those that are not named go all of it.
    """

    hospitals: Sequence[str]
    samples: Sequence[int]
    read: Callable[[], Iterator[Arrays]]
    counts: Sequence[float] = ()
    shares: Sequence[Mapping[str, float]] = ()


AnyUpdates = TypeVar("AnyUpdates", bound=RoundUpdates)


class Step:
    """One step of the chain; each half hands the update on as it is unless overridden.

    Attributes
    ----------
    position : int
        Its place in the chain: hospitals go from low to high. What changes a model's tensors comes before 80, what
        turns them into something else to travel comes after.
    """

    name = ""
    position = 50

    @classmethod
    def of(cls, plan: Plan) -> "Step | None":
        """Return the step with its settings out of the plan; None where the plan does without it."""
        return cls()

    def at_hospital(self, update: Arrays, context: UpdateContext) -> Arrays:
        """Return what leaves the hospital in the update's place."""
        return update

    def at_server(self, update: Arrays, context: UpdateContext) -> Arrays:
        """Return the update as the hospital's half was given it.

        Raises
        ------
        UnusableAnswer
            If it must not be part of the average.
        """
        return update

    def on_round(self, updates: AnyUpdates, reference: Mapping[str, AnyArray]) -> AnyUpdates:
        """Return what the strategy combines, from all updates that `at_server` let pass and the model that was sent.

        The only half that sees a hospital beside others. The memory must not grow with the hospitals: it may keep
        numbers of each update, and change an update when it is read.
        """
        return updates

    def on_average(self, combined: Arrays, context: UpdateContext) -> Arrays:
        """Return the new global model, from what the strategy made of all updates; the context's hospital is empty."""
        return combined

    def to_hospitals(self, reference: Mapping[str, AnyArray], model: Mapping[str, AnyArray]) -> Arrays:
        """Return what makes the new global model of the one that hospitals have; nothing if it travels whole."""
        return {}

    def from_server(self, sent: Arrays, reference: Mapping[str, AnyArray]) -> Arrays | None:
        """Return the new global model at a hospital, of what `to_hospitals` made; None if that is another step's.

        Raises
        ------
        ValueError
            If it cannot be read.
        """
        return None


class Chain:
    """The steps of one run, in order."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = sorted(steps, key=lambda step: step.position)

    def at_hospital(self, update: Arrays, context: UpdateContext) -> Arrays:
        """Make what travels out of a trained model."""
        for step in self.steps:
            update = step.at_hospital(update, context)
        return update

    def at_server(self, update: Arrays, context: UpdateContext) -> Arrays:
        """Make a model out of what came; raises `UnusableAnswer`."""
        for step in reversed(self.steps):
            update = step.at_server(update, context)
        return update

    def on_round(self, updates: AnyUpdates, reference: Mapping[str, AnyArray]) -> AnyUpdates:
        """Compare the updates of a round with each other, before the strategy combines them."""
        for step in reversed(self.steps):
            updates = step.on_round(updates, reference)
        return updates

    def on_average(self, combined: Arrays, context: UpdateContext) -> Arrays:
        """Finish the new global model."""
        for step in reversed(self.steps):
            combined = step.on_average(combined, context)
        return combined

    def to_hospitals(self, reference: Mapping[str, AnyArray], model: Mapping[str, AnyArray]) -> Arrays:
        """Make what travels to hospitals that have the reference; nothing where they need the whole model."""
        return next((sent for step in self.steps if (sent := step.to_hospitals(reference, model))), {})

    def from_server(self, sent: Arrays, reference: Mapping[str, AnyArray]) -> Arrays:
        """Make the new global model at a hospital; raises ValueError."""
        for step in self.steps:
            if (model := step.from_server(sent, reference)) is not None:
                return model
        raise ValueError("the plan codes no models")


def chain_of(plan: Plan) -> Chain:
    """Return the chain of a run; hospitals and server build the same one from the plan."""
    return Chain([step for kind in step_kinds() if (step := kind.of(plan))])


def step_kinds() -> list[type[Step]]:
    """Return every step that has a file under ``common/protocol/steps/``."""
    found: list[type[Step]] = []
    for module in sorted(pkgutil.iter_modules(steps_folder.__path__), key=lambda each: each.name):
        names = vars(importlib.import_module(f"{steps_folder.__name__}.{module.name}")).values()
        found += [each for each in names if isinstance(each, type) and issubclass(each, Step) and each is not Step]
    return found
