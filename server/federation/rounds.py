"""The order of a run, in this one place: rounds of train, aggregate, evaluate, record; then the test."""

import time
from dataclasses import dataclass
from functools import partial

from common.artifacts.run_files import enter_totals, enter_validation, now
from common.artifacts.schema import Failure, HospitalRound, Round
from common.config.final_model import ALL
from common.errors import RunError
from common.metrics.evaluation import EvaluateResult
from common.model.weights import Arrays
from server.federation.evaluation_phase import EvaluationPhase
from server.federation.external.statistics import estimated
from server.federation.local_state import LocalStates
from server.federation.training_phase import TrainingPhase, failures_listed
from server.strategies.aggregator import Aggregator
from server.strategies.updates import Updates


@dataclass
class Rounds:
    """One federation at work."""

    training: TrainingPhase
    evaluation: EvaluationPhase
    strategy: Aggregator
    local: LocalStates

    def run_round(self, number: int, arrays: Arrays) -> tuple[Arrays, Round]:
        """Train on the hospitals, aggregate, evaluate the new model on every validation split, if there is one.

        Returns
        -------
        tuple of (dict of str to ndarray, Round)
            The new global model and what happened.

        Raises
        ------
        RunError
            ``RUN010`` below the quorum, ``RUN013`` if nobody could evaluate, ``RUN015`` if a pooled model could not be
            trained.
        TrainingOver
            If too few hospitals have privacy budget left.
        """
        self.training.require_budget()
        started = time.perf_counter()
        plan = self.strategy.plan
        parts = {name: HospitalRound(bytes_down=0, bytes_up=0) for name in self.training.participants.names.values()}
        record = Round(number, started_at=now(), image_size=plan.data.image_size, hospitals=parts)
        self.training.exchange.take_traffic()  # of before
        updates = self.training.collect(number, arrays, record)
        if record.pooled:
            self.training.exchange.take_traffic()  # nobody's own
        new_arrays = self.combine(number, updates, arrays)
        self.training.enter(number, updates, record, new_arrays)
        if number == plan.rounds and plan.estimates_statistics:
            new_arrays = estimated(self.evaluation, number, new_arrays, self.local.to_test)
        if plan.train.on == ALL:
            self._enter_traffic(record)
            enter_totals(record, [])
        else:
            self._validate(number, new_arrays, record)
        record.seconds = time.perf_counter() - started
        return new_arrays, record

    def combine(self, number: int, updates: Updates, arrays: Arrays) -> Arrays:
        """Make the new global model of a round's usable updates."""
        combined = self.strategy.aggregate(number, updates, arrays)
        return self.training.finish(number, combined, updates, arrays)

    def test(
        self, number: int, arrays: Arrays, temperature: float | None = None
    ) -> tuple[dict[str, EvaluateResult], list[Failure]]:
        """Evaluate the model of a round on every hospital's test split.

        Parameters
        ----------
        temperature : float, optional
            That is applied, see `server.federation.external.finishing`.

        Returns
        -------
        tuple of (dict of str to EvaluateResult, list of Failure)
            Results by hospital name, and who is missing.
        """
        results, failures = self.evaluation.run(number, arrays, "test", self.local.to_test, temperature or 1.0)
        if not results:
            listed = failures_listed(failures)
            raise RunError("RUN013", f"No hospital could evaluate the model of round {number} ({listed}).")
        return results, failures

    def _enter_traffic(self, record: Round) -> None:
        """Enter what was sent to each hospital and came from it."""
        found = self.training.exchange.take_traffic()
        for key, name in self.training.participants.names.items():
            if key in found:
                record.hospitals[name].bytes_down, record.hospitals[name].bytes_up = found[key].down, found[key].up

    def _validate(self, number: int, arrays: Arrays, record: Round) -> None:
        """Enter each hospital's validation figures into the record."""
        local = partial(self.local.to_validate, number=number, replied=record.replied)
        results, failures = self.evaluation.run(number, arrays, "val", local)
        record.failed += failures
        for name, result in results.items():
            part = record.hospitals[name]
            enter_validation(part, result)
        if not any(result.samples for result in results.values()):
            listed = failures_listed(failures)
            raise RunError("RUN013", f"Round {number}: no hospital could evaluate the model ({listed}).")
        self._enter_traffic(record)
        enter_totals(record, [result.nll for result in results.values()])
