"""After the last round, before the test: what the best model's answers need, of slices that were held back from it.

Whether its temperature helps on the validation slices, and what tells an image that is unlike the slices of training.
Both are sums that hospitals return once. A hospital that returns none is left out of them, and of nothing else.
"""

import logging
from dataclasses import replace

from flwr.app import MessageType

from common.artifacts.external.recipe import Recipe
from common.artifacts.schema import Failure
from common.config.strategies import NOTHING
from common.metrics.calibration import TemperatureChoice, choose_temperature
from common.metrics.familiar.distances import DistanceCounts, add_counts, threshold_of
from common.metrics.familiar.file import Recorded
from common.metrics.familiar.record import NO_MODEL, NO_SUMS, PRIVATE, SECURE, TOO_FEW, Familiarity
from common.metrics.familiar.sums import FeatureSums, fit
from common.protocol import names
from common.protocol.codec import pack
from common.protocol.description import Description
from common.protocol.messages import Records
from common.protocol.sums.familiarity import read_distances, read_sums
from common.training.familiarity import feature_count
from server.federation.rounds import Rounds
from server.recording.checkpoint import RunProgress
from server.recording.events import Listener

log = logging.getLogger("server")


def chosen_temperature(rounds: Rounds, progress: RunProgress) -> TemperatureChoice:
    """Find out on the validation slices whether the best model's temperature helps; only then is it applied."""
    fitted = rounds.local.temperature
    if fitted is None or fitted == 1.0:
        return TemperatureChoice(fitted)
    phase = replace(rounds.evaluation, listener=_Logged("the choice of the temperature"))
    results, _ = phase.run(progress.best_round, progress.best_arrays, "val", rounds.local.to_test, fitted)
    found = list(results.values())
    return choose_temperature(
        fitted, [each.nll for each in found], [each.bins for each in found], [each.calibrated_bins for each in found]
    )


def familiarity(rounds: Rounds, progress: RunProgress, recipe: Recipe | None = None) -> Familiarity:
    """Have the hospitals say what is like the slices of training: sums first, then held-out slices by distance.

    Parameters
    ----------
    recipe : Recipe, optional
        Of a final model, which leaves no slice to say which distance is too far: what its recipe's run found holds.
    """
    plan = rounds.strategy.plan
    if plan.dp.is_used:
        return Familiarity(reason=PRIVATE)
    if plan.strategy.keeps != NOTHING or plan.privacy.is_secure:
        return Familiarity(reason=SECURE if plan.privacy.is_secure else NO_MODEL)
    number, arrays, features = progress.best_round, progress.best_arrays, feature_count(plan.model.name)
    kind, told = f"{MessageType.EVALUATE}.{names.FAMILIARITY}", _Logged("telling what is like the slices of training")
    phase = replace(rounds.evaluation, kind=kind, listener=told)
    local = rounds.local.to_test

    def sums_of(records: Records, said: Description) -> FeatureSums:
        return read_sums(records.get(names.FAMILIARITY), said.train_samples, features)

    def counts_of(records: Records, said: Description) -> DistanceCounts:
        return read_distances(records.get(names.FAMILIARITY), len(said.val_idx), len(said.test_idx))

    sums, _ = phase.ask(number, arrays, "val", local, sums_of)
    if not sums:
        return Familiarity(reason=NO_SUMS)
    likeness = fit(list(sums.values()))
    slices = sum(each.count for each in sums.values())
    if recipe:
        then = recipe.distances
        known = Recorded(likeness, then.threshold, then.val, then.test) if then else None
        return Familiarity(known, slices, tuple(sums)) if known else Familiarity(reason=TOO_FEW)
    counts, _ = replace(phase, likeness=pack(likeness.arrays())).ask(number, arrays, "val", local, counts_of)
    val, test = (add_counts(getattr(each, part) for each in counts.values()) for part in ("val", "test"))
    threshold = threshold_of(val)
    if threshold is None:
        return Familiarity(reason=TOO_FEW)
    return Familiarity(Recorded(likeness, threshold, val, test), slices, tuple(name for name in sums))


def say_it_is_over(rounds: Rounds, progress: RunProgress) -> None:
    """Let hospitals forget what they kept for further rounds, where no test tells them that none comes."""
    phase = replace(rounds.evaluation, listener=_Logged("the end of the run"))
    phase.run(progress.best_round, progress.best_arrays, "test", rounds.local.to_test)


class _Logged(Listener):
    """Hears of a hospital that returns nothing, which is no fault of the run's."""

    def __init__(self, what: str) -> None:
        self._what = what

    def failed(self, failure: Failure) -> None:
        log.warning("left out of %s: %s", self._what, failure.reason, extra={"hospital": failure.hospital})
