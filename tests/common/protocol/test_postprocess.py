"""A step is one file: put into the folder, it is in the chain of hospitals and server; nobody else knows of it."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from common.model.weights import weights_of
from common.protocol import names, steps
from common.protocol.postprocess import Chain, Step, StepState, UnusableAnswer, UpdateContext, chain_of, step_kinds
from common.protocol.steps.check import Check
from common.protocol.steps.pack import Pack
from tests.support.hospitals import PLAN, start_arrays

CLIP = '''
"""Clips an update to a length, and remembers how long the last one was; the server says how many it has seen."""

from dataclasses import dataclass

import numpy as np

from common.model.weights import Arrays, weights_of
from common.protocol.postprocess import Step, UpdateContext


@dataclass(frozen=True)
class ClipSettings:
    norm: float = 1e-3


class ClipToNorm(Step):
    name = "clip"
    position = 20

    def __init__(self, settings: ClipSettings = ClipSettings()) -> None:
        self.settings = settings

    def at_hospital(self, update: Arrays, context: UpdateContext) -> Arrays:
        way = {name: value - context.reference[name] for name, value in weights_of(update).items()}
        length = float(np.sqrt(sum(np.square(part.astype(np.float64)).sum() for part in way.values())))
        context.state_of(self.name).save({"length": np.array([length])})
        share = min(1.0, self.settings.norm / max(length, 1e-30))
        return update | {name: context.reference[name] + np.float32(share) * part for name, part in way.items()}

    def at_server(self, update: Arrays, context: UpdateContext) -> Arrays:
        state = context.state_of(self.name)
        seen = state.load().get("seen", np.array([0]))
        state.save({"seen": seen + 1})
        return update
'''


@pytest.fixture
def clip(tmp_path, monkeypatch):
    """Put a file into the folder of steps, as a feature would."""
    (tmp_path / "clip_to_norm.py").write_text(CLIP)
    monkeypatch.setattr(steps, "__path__", [*steps.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    yield
    sys.modules.pop("common.protocol.steps.clip_to_norm", None)


def context(**changes) -> UpdateContext:
    return UpdateContext(**{"plan": PLAN, "server_round": 1, "hospital": "a", "samples": 8, "steps": 2} | changes)


def test_today_the_chain_checks_and_packs():
    assert [type(step) for step in chain_of(PLAN).steps] == [Check, Pack]
    reference = start_arrays()
    trained = reference | {"bn.num_batches_tracked": np.array(2, np.int64)}
    chain, around = chain_of(PLAN), context(reference=reference)
    sent = chain.at_hospital(trained, around)
    assert set(sent) == {names.BLOCK, names.MANIFEST}
    received = chain.at_server(sent, around)
    assert all(np.array_equal(received[name], array) for name, array in trained.items())
    assert chain.on_average(reference, around) is reference
    with pytest.raises(UnusableAnswer, match="the answer holds no model"):
        chain.at_server(reference, around)


def test_hospitals_go_through_the_chain_and_the_server_comes_back():
    heard = []

    class Told(Step):
        def __init__(self, number: int) -> None:
            self.position = number

        def at_hospital(self, update, context):
            heard.append(("hospital", self.position))
            return update

        def at_server(self, update, context):
            heard.append(("server", self.position))
            return update

    chain = Chain([Told(3), Told(1), Told(2)])
    chain.at_server(chain.at_hospital({}, context(reference={})), context(reference={}))
    assert heard == [("hospital", 1), ("hospital", 2), ("hospital", 3), ("server", 3), ("server", 2), ("server", 1)]


def test_a_step_may_keep_something_on_its_side():
    kept = {}
    state = StepState(lambda: dict(kept), kept.update)
    assert state.load() == {}
    state.save({"residual": np.ones(2)})
    assert state.load()["residual"].tolist() == [1.0, 1.0]


def test_a_file_in_the_folder_is_a_step(clip):
    assert [kind.__name__ for kind in step_kinds()] == [
        "Check",
        "Clip",
        "ClipToNorm",
        "Pack",
        "Weigh",
        "Lossless",
        "Coarse",
    ]
    assert [step.name for step in chain_of(PLAN).steps] == ["check", "clip", "pack"]


def test_a_real_run_goes_through_it_with_its_state_on_both_sides(clip, simulate, tmp_path):
    """Two rounds with the phantoms: no update leaves a hospital longer than the step allows."""
    import torch

    from common.model.registry import initial_weights

    done = simulate(f"output_dir={tmp_path}", "rounds=2", "strategy.min_hospitals=3")
    assert done.code == 0, done.err
    final = torch.load(tmp_path / "artifacts" / "run-001" / "global_model.pth", weights_only=True)
    first = weights_of({name: value.numpy() for name, value in initial_weights("resnet18", 42).items()})
    moved = np.sqrt(sum(np.square(final[name].numpy() - array).sum() for name, array in first.items()))
    assert 0 < moved <= 2 * 1e-3 * 1.01
    left = sorted(path.name for path in Path(tmp_path / "cache").rglob("*.pth"))
    assert left == [], "what a step kept goes with the run's test"
