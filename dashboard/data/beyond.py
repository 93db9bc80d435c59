"""What else is known of a run's recipe: how its models do on patients and at hospitals that they did not see."""

from collections.abc import Iterable

from common.artifacts.external.load import Evaluation
from common.artifacts.external.words import compared
from common.artifacts.words import share_text
from common.study.records import Study
from common.study.unseen import UNSEEN

_SEES = {"external": "At hospitals left out of the training", "folds": "On patients of other folds"}


def of_studies(run_id: str, studies: Iterable[Study]) -> list[str]:
    """Say what the studies that a run is a part of measured of its strategy, the most honest first."""
    said = []
    for study in studies:
        strategy = next((each.cell.strategy for each in study.cells if each.run_id == run_id), None)
        for kind, of in UNSEEN.items():
            if strategy and (found := of(study, strategy)):
                share = share_text(found.accuracy.mean, found.accuracy.interval, sign=" %")
                said.append(f"{_SEES[kind]}, the same recipe: {share} ({study.study_id}, on the page Worth it).")
    return said


def of_evaluations(run_id: str, evaluations: Iterable[Evaluation]) -> list[str]:
    """Say how the newest evaluation of a run's model elsewhere ended."""
    said = [sentence for each in evaluations if each.meta.get("of") == run_id and (sentence := compared(each.meta))]
    return said[:1]
