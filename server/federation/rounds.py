"""The order of a run, in this one place: rounds of train, aggregate, evaluate, record; then the test."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial

from common.artifacts.history import Failure, HospitalRound, RoundRecord
from common.artifacts.status import now
from common.errors import RunError
from common.metrics.evaluation import EvaluateResult
from common.model.weights import Arrays, payload_bytes
from server.federation.evaluation_phase import EvaluationPhase
from server.federation.local_state import LocalStates
from server.federation.training_phase import TrainingPhase, failures_listed
from server.strategies.aggregator import Aggregator


@dataclass
class Rounds:
    """One federation at work."""

    training: TrainingPhase
    evaluation: EvaluationPhase
    strategy: Aggregator
    local: LocalStates

    def run_round(self, number: int, arrays: Arrays) -> tuple[Arrays, RoundRecord]:
        """Train on the hospitals, aggregate, evaluate the new model on every validation split.

        Returns
        -------
        tuple of (dict of str to ndarray, RoundRecord)
            The new global model and what happened.

        Raises
        ------
        RunError
            ``RUN010`` below the quorum, ``RUN013`` if nobody could evaluate, ``RUN015`` if a pooled model could not be
            trained.
        """
        started = time.perf_counter()
        plan = self.strategy.plan
        parts = {name: HospitalRound() for name in self.training.participants.names.values()}
        record = RoundRecord(number, now(), image_size=plan.data.image_size, hospitals=parts)
        updates = self.training.collect(number, arrays, record)
        combined = self.strategy.aggregate(number, updates, arrays)
        new_arrays = self.training.finish(number, combined, updates, arrays)
        self._validate(number, new_arrays, record)
        record.seconds = time.perf_counter() - started
        return new_arrays, record

    def test(self, number: int, arrays: Arrays) -> tuple[dict[str, EvaluateResult], list[Failure]]:
        """Evaluate the model of a round on every hospital's test split.

        Returns
        -------
        tuple of (dict of str to EvaluateResult, list of Failure)
            Results by hospital name, and who is missing.
        """
        temperature = self.local.temperature or 1.0
        results, failures = self.evaluation.run(number, arrays, "test", self.local.to_test, temperature)
        if not results:
            listed = failures_listed(failures)
            raise RunError("RUN013", f"No hospital could evaluate the model of round {number} ({listed}).")
        return results, failures

    def _validate(self, number: int, arrays: Arrays, record: RoundRecord) -> None:
        """Enter each hospital's validation figures into the record."""
        local = partial(self.local.to_validate, number=number, replied=record.replied)
        results, failures = self.evaluation.run(number, arrays, "val", local)
        record.failed += failures
        for name, result in results.items():
            part = record.hospitals[name]
            part.val_confusion, part.val_samples, part.val_seconds = result.confusion, result.samples, result.seconds
            part.val_loss = result.loss_sum / max(result.samples, 1)
            part.val_nll = result.nll
            part.bytes_down += payload_bytes(arrays)
        if not any(result.samples for result in results.values()):
            listed = failures_listed(failures)
            raise RunError("RUN013", f"Round {number}: no hospital could evaluate the model ({listed}).")
