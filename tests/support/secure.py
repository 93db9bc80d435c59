"""A whole session of secure aggregation in one process, with hospitals that get lost and a centre that lies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from msgspec.structs import replace

from common.config.settings import TrainPlan
from common.model.weights import Arrays
from common.secagg import hospital as at_hospital
from common.secagg.centre import Centre
from common.secagg.hospital import Memory
from common.secagg.quantise import Quantiser
from common.secagg.ring import Vector
from common.secagg.session import Question, Session

STEPS = ("advertise", "share", "mask", "survivors", "open")
SHARED_KEY = bytes(range(32))
TOKEN, PLAN, MODEL = "ab" * 16, "cd" * 32, "ef" * 32
RATE, TRAIN = 1e-3, TrainPlan(lr=1e-3)


def names_of(count: int) -> tuple[str, ...]:
    """Hospitals."""
    return tuple(f"hospital_{number:02d}" for number in range(count))


def session_of(count: int = 3, threshold: int | None = None, **changes: Any) -> Session:
    """A session of so many hospitals."""
    usual = Session(TOKEN, 1, 1, PLAN, MODEL, names_of(count), threshold or max(2, count - 1), 24, 100 * count, 10)
    return replace(usual, **changes)


def reference_of(size: int = 500, seed: int = 0) -> Arrays:
    """A small model with weights, statistics and a counter."""
    rng = np.random.default_rng(seed)
    return {
        "fc.weight": rng.normal(size=size).astype(np.float32),
        "bn.running_mean": rng.normal(size=8).astype(np.float32),
        "bn.running_var": rng.uniform(0.5, 2, size=8).astype(np.float32),
        "bn.num_batches_tracked": np.array(5, np.int64),
    }


def update_of(reference: Arrays, seed: int, steps: int = 10) -> Arrays:
    """What a hospital may have trained."""
    rng = np.random.default_rng(seed)
    moved = {
        "fc.weight": rng.normal(scale=2e-3, size=reference["fc.weight"].shape).clip(-8e-3, 8e-3),
        "bn.running_mean": rng.normal(size=8),
        "bn.running_var": rng.uniform(0, 1, size=8),
    }
    new = {name: (reference[name] + step).astype(np.float32) for name, step in moved.items()}
    return new | {"bn.num_batches_tracked": np.array(5 + steps, np.int64)}


@dataclass
class Play:
    """One attempt: `lost` says in which step a hospital answers no more, `lie` changes a question on its way."""

    session: Session = field(default_factory=session_of)
    lost: Mapping[str, str] = field(default_factory=dict)
    lie: Callable[[str, Question], Question] = lambda hospital, question: question
    reference: Arrays = field(default_factory=reference_of)
    memories: dict[str, Memory] = field(default_factory=dict)
    shared_keys: Mapping[str, bytes] = field(default_factory=dict)
    masking: bool = True
    updates: dict[str, Arrays] = field(default_factory=dict)
    received: dict[str, Vector] = field(default_factory=dict)
    said: list[tuple[str, Any]] = field(default_factory=list)  # everything else that the centre sees

    def __post_init__(self) -> None:
        self.quantiser = Quantiser.of(self.reference, self.session, TRAIN, RATE)
        self.samples = {key: 40 + 20 * number for number, key in enumerate(self.session.hospitals)}
        self.samples = {key: min(count, 100) for key, count in self.samples.items()}
        for number, key in enumerate(self.session.hospitals):
            if key not in self.updates:
                self.updates[key] = update_of(self.reference, 100 + number)
            self.memories.setdefault(key, Memory())
        self.centre = Centre(self.session, self.quantiser.parts)

    def run(self) -> Arrays:
        """Play every step, and return the mean of the survivors."""
        for step in STEPS:
            self.step(step)
        return self.mean()

    def mean(self) -> Arrays:
        """Take the masks off."""
        survivors = self.centre.survivors
        samples = {key: self.samples[key] for key in survivors}
        return self.quantiser.decode(self.centre.opened(), samples, dict.fromkeys(survivors, 10))

    def plain(self, among: tuple[str, ...] | None = None) -> Arrays:
        """The mean that a centre would make of the updates themselves."""
        keys = among or self.centre.survivors
        total = sum(self.samples[key] for key in keys)
        return {
            name: sum(self.updates[key][name].astype(float) * self.samples[key] for key in keys) / total
            for name in self.reference
        }

    def present(self, step: str) -> list[str]:
        """Who answers in a step: those that did in the step before and are not lost."""
        centre = self.centre
        before = {
            "advertise": self.session.hospitals,
            "share": tuple(centre.adverts),
            "mask": tuple(centre.sealed),
            "survivors": centre.survivors,
            "open": tuple(centre.signatures),
        }
        gone = [key for key, when in self.lost.items() if STEPS.index(when) <= STEPS.index(step)]
        return [key for key in before[step] if key not in gone]

    def step(self, step: str) -> None:
        """Ask everybody who is there."""
        for key in self.present(step):
            self.ask(key, step)

    def question(self, step: str, key: str) -> Question:
        """What an honest centre asks."""
        centre, session = self.centre, self.session
        return {
            "advertise": lambda: Question(step, session),
            "share": lambda: Question(step, session, adverts=centre.roster),
            "mask": lambda: Question(step, session, sealed=centre.sealed_for(key)),
            "survivors": lambda: Question(step, session, survivors=centre.survivors),
            "open": lambda: Question(step, session, signatures=centre.signatures),
        }[step]()

    def ask(self, key: str, step: str) -> None:
        """Ask one hospital, and let the centre take its answer."""
        asked, centre, memory = self.lie(key, self.question(step, key)), self.centre, self.memories[key]
        shared_key = self.shared_keys.get(key, SHARED_KEY)
        if step == "advertise":
            memory = at_hospital.advertise(memory, asked.session, key, shared_key)
            centre.adverts[key] = memory.advert
            self.said.append((key, memory.advert))
        elif step == "share":
            memory = at_hospital.share(memory, asked.session, asked.adverts, shared_key)
            centre.take_sealed(key, memory.sealed)
            self.said.append((key, memory.sealed))
        elif step == "mask":
            vector = self.quantiser.encode(self.updates[key], self.samples[key])
            plain = {name: numbers.copy() for name, numbers in vector.items()}
            memory, sent = at_hospital.mask(memory, asked.session, asked.sealed, vector, self.quantiser.parts)
            centre.take_masked(key, sent)
            masked = {part.name: part.unpacked(sent[part.name]) for part in self.quantiser.parts}
            self.received[key] = masked if self.masking else plain
        elif step == "survivors":
            memory, signature = at_hospital.sign_survivors(memory, asked.session, asked.survivors)
            centre.take_signature(key, signature)
        else:
            memory, opening = at_hospital.open_shares(memory, asked.session, asked.signatures)
            centre.openings[key] = opening
            self.said.append((key, opening))
        self.memories[key] = memory
