from common.study.answers import TOGETHER, answers, comparisons, difference
from common.study.statistics import ACCURACY
from tests.support.studies import A, done, lost, study, worth_it


def test_the_three_questions_are_answered_from_the_intervals():
    own, pooled, sure = answers(worth_it())
    assert own.headline == f"{TOGETHER}: better by 10.0 points (7.5 to 12.5)."
    assert own.lines[0] == f"{A}: better by 10.0 points (7.5 to 12.5)."
    assert own.lines[-1].startswith("Better at 3 of 3 hospitals, worse at 0")
    assert "no difference that three seeds can show" in pooled.headline
    assert sure.headline.startswith("With three seeds, a difference of less than 2.5 points")


def test_an_average_does_not_hide_a_hospital():
    cells = [done("local", seed, [50, 50, 99]) for seed in (1, 2, 3)] + [
        done("fedavg", seed, [90, 90, 80]) for seed in (1, 2, 3)
    ]
    own = answers(study(cells))[0]
    assert own.headline.startswith(f"{TOGETHER}: better")
    assert own.lines[-1].startswith("Better at 2 of 3 hospitals, worse at 1")


def test_one_seed_cannot_tell():
    own, _, sure = answers(study([done("local", 42, 80), done("fedavg", 42, 90)]))
    assert own.headline == f"{TOGETHER}: +10.0 points with one seed, and one seed cannot tell."
    assert sure.headline.startswith("One seed cannot tell")


def test_what_was_not_run_is_not_answered():
    own, pooled, sure = answers(study([done("fedavg", 42, 90)]))
    assert own.headline == "Not asked: this study ran without strategy=local."
    assert pooled.headline == "Not asked: this study ran without strategy=pooled."
    assert sure.headline.endswith("nothing to compare it with.")
    assert answers(study([done("local", 42, 90)]))[0].headline.endswith("without a federated strategy.")


def test_further_strategies_are_compared_with_the_first():
    found = study([lost(name, 42) for name in ("local", "fedavg", "fedprox", "pooled")])
    assert comparisons(found) == [("fedavg", "local"), ("fedavg", "pooled"), ("fedprox", "fedavg")]
    assert comparisons(study([lost("local", 42)])) == []
    assert difference(found, "fedavg", "local", ACCURACY, None).verdict.kind == "unknown"
