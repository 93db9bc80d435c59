"""A run's page says what studies and evaluations know of its recipe, and nothing of what is none of its own."""

from common.artifacts.external.load import Evaluation
from dashboard.data.beyond import of_evaluations, of_studies
from tests.support.unseen_studies import of_folds, of_left_out


def test_a_study_of_folds_says_what_the_run_s_strategy_sees_of_new_patients() -> None:
    (said,) = of_studies("run-002", [of_folds()])
    assert said.startswith("On patients of other folds, the same recipe: 80.0 % (")
    assert said.endswith(f"({of_folds().study_id}, on the page Worth it).")


def test_a_study_of_hospitals_left_out_comes_first() -> None:
    run = next(each.run_id for each in of_left_out().cells if each.run_id)
    assert of_studies(run, [of_left_out()])[0].startswith("At hospitals left out of the training, the same recipe: 7")


def test_a_run_of_no_study_and_of_no_evaluation_has_nothing_beside_it() -> None:
    other = Evaluation("evaluation-001", {"of": "run-002"}, (), frozenset())
    assert of_studies("run-999", [of_folds(), of_left_out()]) == []
    assert of_evaluations("run-999", [other]) == []
