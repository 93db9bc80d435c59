"""What the server decides and every hospital follows; it travels as JSON inside each message."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from functools import cache
from typing import Any, get_type_hints

from common.config.architectures import ARCHITECTURES
from common.config.dp import DpPlan, dp_plan
from common.config.external import EvaluationPlan, YardstickPlan
from common.config.final_model import SPLIT
from common.config.privacy import PrivacyPlan, privacy_plan
from common.config.settings import (
    AVERAGED,
    ESTIMATED,
    EVERY_WEIGHT,
    PLAIN_CODING,
    DataPlan,
    ModelPlan,
    RunSettings,
    TrainPlan,
    WirePlan,
    check_plan,
    check_run,
    travelling_train,
)
from common.config.strategies import EVERYTHING, NOTHING, STRATEGIES, StrategyPlan, strategy_plan
from common.errors import InputError
from common.labels import CLASSES
from common.text import shown

# what earlier versions did not have, and what it is where it does nothing; left out then, so that a run that an earlier
# version began goes on with the very same plan
_ADDED = {
    "wire": {"name": PLAIN_CODING},
    "privacy": asdict(PrivacyPlan()),
    "evaluation": asdict(EvaluationPlan()),
    "yardsticks": asdict(YardstickPlan()),
    "dp": asdict(DpPlan()),
}
_ADDED_TO: dict[str, dict[str, Any]] = {
    "data": {"slice_step": 1, "folds": 0, "fold": 1},
    "train": {"part": EVERY_WEIGHT, "statistics": AVERAGED, "on": SPLIT},
}
MOST_CHARACTERS = 20_000  # a plan has some 1,200


@dataclass(frozen=True)
class Plan:
    """One run's plan.

    Attributes
    ----------
    seed : int
        Fixes splits, order and augmentation.
    rounds : int
        Rounds of the run; the learning rate follows from it.
    classes : list of str
        The label order that the weights are trained for.
    data, model, train, strategy, wire, privacy, evaluation, yardsticks, dp
        See `common.config.settings`.
    """

    seed: int
    rounds: int
    classes: list[str]
    data: DataPlan
    model: ModelPlan
    train: TrainPlan
    strategy: StrategyPlan = field(default_factory=StrategyPlan)
    wire: WirePlan = field(default_factory=WirePlan)
    privacy: PrivacyPlan = field(default_factory=PrivacyPlan)
    evaluation: EvaluationPlan = field(default_factory=EvaluationPlan)
    yardsticks: YardstickPlan = field(default_factory=YardstickPlan)
    dp: DpPlan = field(default_factory=DpPlan)

    @property
    def evaluates(self) -> bool:
        """Whether it is of a finished model that is evaluated, and nothing is trained."""
        return bool(self.evaluation.model)

    def to_json(self) -> str:
        """Return the plan as one line of JSON."""
        values = asdict(self)
        for part, added in ((values, _ADDED), *((values[part], added) for part, added in _ADDED_TO.items())):
            for name, unused in added.items():
                if part[name] == unused:
                    del part[name]
        return json.dumps(values, sort_keys=True)

    @property
    def estimates_statistics(self) -> bool:
        """Whether the last round's model gets BatchNorm's statistics anew; not one of which hospitals keep parts."""
        batch_norm = ARCHITECTURES[self.model.name].batch_norm
        return self.train.statistics == ESTIMATED and batch_norm and self.strategy.keeps == NOTHING

    @property
    def sha256(self) -> str:
        """SHA-256 of the plan as JSON: what hospitals sign with an update."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @staticmethod
    def from_json(text: str) -> "Plan":
        """Read a plan strictly, as a hospital does.

        Raises
        ------
        InputError
            ``PLAN001`` for a setting this version does not understand, ``PLAN002`` for other classes, ``PLAN005`` for
            what is no plan; ``CONF010`` for a value that cannot be.
        """
        try:
            if len(text) > MOST_CHARACTERS or not isinstance(values := json.loads(text), dict):
                raise ValueError("no plan")
            for part, added in _ADDED_TO.items():
                if isinstance(given := values.get(part), dict):
                    values[part] = {**added, **given}
            plan: Plan = _strict(Plan, {**_ADDED, **values}, "")
        except (ValueError, OverflowError, RecursionError):
            raise InputError("PLAN005", "The server sent no plan that can be read; use the same version.") from None
        if tuple(plan.classes) != CLASSES:
            raise InputError(
                "PLAN002",
                f"The server trains for {shown(plan.classes)}, this hospital for {shown(CLASSES)}; update one.",
            )
        check_run(plan.rounds, plan.seed)
        parts = (plan.data, plan.train, plan.strategy, plan.model, plan.wire, plan.privacy)
        check_plan(*parts, plan.evaluation, plan.yardsticks, plan.dp)
        return plan


def plan_of(settings: RunSettings) -> Plan:
    """Take from a run's settings what travels; no model does of a hospital that trains alone."""
    strategy = strategy_plan(settings.strategy)
    if settings.privacy.is_secure:  # no update can be compared with another
        strategy = replace(strategy, clip_to_median=0.0, weight_to_median=0.0)
    alone, pooled = strategy.keeps == EVERYTHING, STRATEGIES[settings.strategy.name].pooled
    return Plan(
        settings.seed,
        settings.rounds,
        list(CLASSES),
        settings.data.plan(),
        settings.model,
        travelling_train(settings),
        strategy,
        WirePlan() if alone or pooled else settings.wire,
        privacy_plan(settings.privacy, settings.hospitals),
        yardsticks=settings.yardsticks(),
        dp=dp_plan(settings.privacy),
    )


_hints = cache(get_type_hints)


def _strict(schema: type, values: Mapping[str, Any], prefix: str) -> Any:
    """Build a dataclass from a mapping; every key must be known, present and of its type."""
    hints = _hints(schema)
    wrong = sorted(set(values) ^ {each.name for each in fields(schema)})
    if wrong:
        raise InputError(
            "PLAN001",
            f"The server and this hospital do not agree on '{shown(prefix + wrong[0])}'; use the same version.",
        )
    return schema(**{name: _value(hints[name], value, f"{prefix}{name}") for name, value in values.items()})


def _value(kind: Any, value: Any, name: str) -> Any:
    if is_dataclass(kind) and isinstance(value, Mapping):
        return _strict(kind, value, f"{name}.")  # type: ignore[arg-type]
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    expected = getattr(kind, "__origin__", kind)
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        raise InputError("PLAN001", f"The server sent {name}={shown(value)}, which this hospital cannot use.")
    return value
