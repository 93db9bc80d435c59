"""Compute the models of a run anew, from the updates that it kept, with the code that made them."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from common.artifacts.layout import RunFolder
from common.artifacts.ledger.check import digest_of_file
from common.artifacts.ledger.lines import Chain, Combined, Differs, Update
from common.config.external import SYNTHETIC
from common.config.strategies import STRATEGIES
from common.errors import InputError
from common.model.local_layers import travelling
from common.model.state import arrays_from_state
from common.model.weights import Arrays
from common.protocol.digest import digest_of, from_stream
from common.protocol.plan import Plan
from common.protocol.postprocess import UnusableAnswer, chain_of
from server.federation.external.warm_start import initial_model
from server.federation.rounds import Rounds
from server.federation.training_phase import TrainingPhase
from server.federation.update_store import UpdateStore
from server.recording.events import Listener
from server.recording.resume import stored_settings
from server.strategies.registry import make_strategy

_NOBODY: Any = None  # whom only the collecting of updates needs


def replay(folder: RunFolder, chain: Chain, on_round: Callable[[int], None] = lambda number: None) -> int:
    """Compute every round's model anew and return how many are the same to the bit.

    Parameters
    ----------
    chain : Chain
        Of a run with ``keep_updates=true`` whose ledger began with it; the run's files are checked.

    Raises
    ------
    Differs
        With the first update that is not as it arrived, or the first model that its updates do not make.
    """
    plan, strategy = Plan.from_json(chain.began.plan), stored_settings(folder).strategy
    arrays = _first(folder, chain, plan)
    aggregator = make_strategy(strategy, plan)
    with tempfile.TemporaryDirectory(prefix="federation-") as room:
        store = UpdateStore(Path(room) if STRATEGIES[strategy.name].linear else None)
        phase = TrainingPhase(_NOBODY, _NOBODY, aggregator, chain_of(plan), store, _NOBODY, Listener())
        rounds = Rounds(phase, _NOBODY, aggregator, _NOBODY)
        made = sorted(chain.combined.items())
        for number, line in made:
            on_round(number)
            arrays = _anew(folder, rounds, line, arrays)
        store.close()
    return len(made)


def _first(folder: RunFolder, chain: Chain, plan: Plan) -> Arrays:
    """Return the first model: that of the seed, or of the run that ``init`` named; raises `Differs`."""
    settings = replace(stored_settings(folder), output_dir=str(folder.output_dir))
    arrays = travelling(plan.strategy.keeps, initial_model(settings)[0])
    if digest_of(arrays) != chain.began.model:
        made = f"that of {settings.init}" if settings.init else "the one that the seed makes with this PyTorch"
        made = "the one that this machine pre-trains" if settings.init == SYNTHETIC else made
        raise Differs(f"The first model is not {made}.", line=1)
    return arrays


def _anew(folder: RunFolder, rounds: Rounds, line: Combined, arrays: Arrays) -> Arrays:
    """Make one round's model of its updates."""
    phase, number = rounds.training, line.round
    for update in line.updates:
        kept = _kept(folder, line, update)
        try:
            phase.store.put(update.hospital, phase.unwrapped(number, update.hospital, update.samples, kept, arrays))
        except UnusableAnswer as problem:
            raise Differs(
                f"The update of {update.hospital} in round {number} cannot have gone in: {problem}.",
                line=line.number,
                round=number,
            ) from None
    sent = phase.store.updates([each.hospital for each in line.updates], [each.samples for each in line.updates])
    pooled = STRATEGIES[phase.strategy.settings.name].pooled
    updates = sent if pooled else phase.chain.on_round(sent, arrays)
    model = rounds.combine(number, updates, arrays)
    if digest_of(model) != line.model:
        raise Differs(
            f"The model of round {number} is not the one that its updates make (line {line.number} of the ledger).",
            line=line.number,
            round=number,
        )
    return model


def _kept(folder: RunFolder, line: Combined, update: Update) -> Arrays:
    path = folder.kept_update(line.round, update.hospital)
    name = path.relative_to(folder.path).as_posix()
    found = digest_of_file(path)
    if found != update.digest:
        what = "is missing" if found is None else "was changed"
        raise Differs(f"{name} {what}: line {line.number} of the ledger says another.", name, line.number, line.round)
    return from_stream(path.read_bytes())


def check_model(folder: RunFolder, chain: Chain) -> None:
    """Compare the best model's tensors with what the ledger says of its round; raises `Differs`."""
    import torch

    done = chain.completed
    line = chain.combined.get(done.best_round) if done else None
    if done is None or line is None or done.model is None:
        return
    try:
        state = torch.load(folder.best_weights, map_location="cpu", weights_only=True)
        same = digest_of(arrays_from_state(state)) == chain.model_after(done.best_round)
    except Exception:  # the unpickler and the zip reader raise nearly every built-in type
        raise InputError("LEDGER001", f"{folder.best_weights} cannot be read as weights.") from None
    if not same:
        raise Differs(
            f"{folder.best_weights.name} is not the model of round {line.round} (line {line.number} of the ledger).",
            folder.best_weights.name,
            line.number,
            line.round,
        )
