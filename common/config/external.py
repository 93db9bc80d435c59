"""What is asked of hospitals beside training: to evaluate a finished model, or to give a run its yardsticks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from common.config.bounds import Bound, Problem, setting, whole_from
from common.config.strategies import NOTHING, STRATEGIES, StrategyPlan

_RUN = re.compile(r"run-[0-9]{3,9}")
FINISHED_RUN = Bound(
    "the number of a finished run, for example run-003",
    lambda run: isinstance(run, str) and bool(_RUN.fullmatch(run)),  # YAML makes a number of 1e23
)
SYNTHETIC = "synthetic"
INIT = Bound(
    f"{FINISHED_RUN.takes}, or {SYNTHETIC}",
    lambda init: init == SYNTHETIC or FINISHED_RUN.holds(init),
)
FINE_TUNE_ROUNDS = whole_from(0, most=1000)
_MOST_HOSPITALS = 1000
_NAMES = Bound(
    f"at most {_MOST_HOSPITALS} keys of hospitals",
    lambda keys: (
        isinstance(keys, list)
        and len(keys) <= _MOST_HOSPITALS
        and all(isinstance(key, str) and 0 < len(key) <= 200 for key in keys)
    ),
)


def _hexadecimal(digits: int) -> Bound:
    known = re.compile(f"([0-9a-f]{{{digits}}})?")
    return Bound(
        f"{digits} hexadecimal digits, or nothing", lambda text: isinstance(text, str) and bool(known.fullmatch(text))
    )


@dataclass
class EvaluationPlan:
    """A finished model that hospitals evaluate; a plan without one is of training. Travels to the hospitals."""

    model: str = setting("", _hexadecimal(64))
    """Digest of its tensors: the one model that may be sent."""
    run: str = setting("", _hexadecimal(32))
    """Token of the run that trained it."""
    trained: list[str] = field(default_factory=list, metadata={"bound": _NAMES})
    """Keys of the hospitals that trained it: they evaluate on their test slices, all others on every slice."""
    reference: str = setting("", _hexadecimal(64))
    """Digest of the model that it is compared with on the same slices; `trained` is then of either."""
    reference_run: str = setting("", _hexadecimal(32))
    """Token of the run that trained that one."""

    def is_external(self, hospital: str) -> bool:
        """Tell whether a hospital is to evaluate a model that it did not train."""
        return bool(self.model) and hospital not in self.trained


@dataclass
class YardstickPlan:
    """What hospitals do once, after the last round of a run. Travels to the hospitals."""

    cross_matrix: bool = False
    """Whether each hospital's last update is evaluated at every other hospital."""
    fine_tune_rounds: int = setting(0, FINE_TUNE_ROUNDS)
    """Rounds in which each hospital trains the finished model on for itself; 0 is none."""


def evaluation_problems(plan: EvaluationPlan) -> Iterator[Problem]:
    """Yield what an evaluation cannot be."""
    if plan.reference and not plan.model:
        yield "evaluation.reference", plan.reference, "nothing without evaluation.model"


def init_problems(init: str | None, strategy: str) -> Iterator[Problem]:
    """Yield where a run cannot start from a model that is not the seed's: of some networks only a part travels."""
    if init and strategy in STRATEGIES and STRATEGIES[strategy].local_layers != NOTHING:
        yield "init", init, f"null with strategy={strategy}, whose hospitals start from layers of their own"


def yardstick_problems(plan: YardstickPlan, strategy: StrategyPlan, secure: bool, pooled: bool) -> Iterator[Problem]:
    """Yield what the yardsticks cannot be together with."""
    if plan.cross_matrix and secure:
        yield "cross_matrix", True, "false with privacy=secagg, since nobody holds a single hospital's update"
    for name, value in (("cross_matrix", plan.cross_matrix), ("fine_tune_rounds", plan.fine_tune_rounds)):
        if value and (pooled or strategy.keeps != NOTHING):
            none = "0" if name == "fine_tune_rounds" else "false"
            yield name, value, f"{none} with a strategy that shares no model, or that pools the slices"
