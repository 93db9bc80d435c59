"""``train.on=all``: the final model trains on every usable slice, after another run tested its recipe."""

from collections.abc import Iterator

from common.config.bounds import Problem
from common.config.external import YardstickPlan
from common.config.strategies import NOTHING, StrategyPlan

SPLIT, ALL = ON = ("split", "all")


def final_plan_problems(on: str, strategy: StrategyPlan, after: YardstickPlan) -> Iterator[Problem]:
    """Yield what cannot be where no slice is held back, as a hospital sees it."""
    if on != ALL:
        return
    if strategy.keeps != NOTHING:
        yield "train.on", on, "split with a strategy whose hospitals share no whole model"
    if after.cross_matrix:
        yield "cross_matrix", True, "false with train.on=all, which leaves no slice to test on"
    if after.fine_tune_rounds:
        takes = "0 with train.on=all, which leaves no slice to test on"
        yield "fine_tune_rounds", after.fine_tune_rounds, takes


def final_run_problems(on: str, figures_of: str | None) -> Iterator[Problem]:
    """Yield where a final model would have no figures, or another model those of a recipe."""
    if on == ALL and not figures_of:
        takes = "split, or all beside figures_of=run-###: the finished run that tested the same recipe"
        yield "train.on", on, takes
    if figures_of and on != ALL:
        yield "figures_of", figures_of, "null, or a finished run beside train.on=all"
