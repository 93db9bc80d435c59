"""Each row of the policy refuses what it is there for."""

from dataclasses import replace

import pytest

from clients.policy.check import asks, check_plan, check_split
from clients.policy.limits import Policy
from clients.policy.refusal import PolicyRefusal
from clients.policy.words import in_words
from common.config.dp import DpPlan
from common.config.external import EvaluationPlan, YardstickPlan
from common.config.hydra import compose_settings
from common.config.privacy import PrivacyPlan
from common.config.settings import AugmentPlan
from common.config.strategies import STRATEGIES, StrategyPlan
from common.protocol.plan import Plan, plan_of
from tests.support.sites import PLAN

POLICY = Policy()


def data(**changes) -> Plan:
    return replace(PLAN, data=replace(PLAN.data, **changes))


def train(**changes) -> Plan:
    return replace(PLAN, train=replace(PLAN.train, **changes))


def strategy(**changes) -> Plan:
    return replace(PLAN, strategy=StrategyPlan(**changes))


def refused(plan: Plan, policy: Policy = POLICY, threads: int = 0) -> str:
    with pytest.raises(PolicyRefusal) as raised:
        check_plan(plan, policy, threads)
    assert raised.value.code == "POLICY001"
    return raised.value.sentence


SHIPPED = [f"strategy={name}" for name in STRATEGIES if not STRATEGIES[name].pooled]
SHIPPED += [f"experiment={name}" for name in ("best", "fast", "demo")]
SHIPPED += ["privacy=dp_sgd"]


@pytest.mark.parametrize("override", SHIPPED)
def test_every_strategy_and_experiment_is_within_the_defaults(override):
    check_plan(plan_of(compose_settings([override])), POLICY)


ROWS = [
    (train(batch_size=2), "train.batch_size=2"),
    (train(batch_size=10**6), "train.batch_size=1000000"),
    (train(local_epochs=10**9), "train.local_epochs=1000000000"),
    (train(lr=0.5), "train.lr=0.5"),
    (train(lr=1e-9), "train.lr=1e-09"),
    (replace(PLAN, rounds=10**9), "rounds=1000000000"),
    (data(image_size=1024), "data.image_size=1024"),
    (data(max_per_class=4), "data.max_per_class=4"),
    (train(augment=AugmentPlan(False, 0, 0, 0, 0, 0, 0)), "train.augment"),
    (train(augment=AugmentPlan(flip=False)), "train.augment"),
    (replace(PLAN, yardsticks=YardstickPlan(cross_matrix=True)), "cross_matrix=true"),
    (replace(PLAN, yardsticks=YardstickPlan(fine_tune_rounds=501)), "fine_tune_rounds=501"),
    (replace(PLAN, dp=DpPlan(8.0, 1e-5, 1.0, 32, 20_001, 0.0, 1)), "privacy.steps=20001"),
    (train(augment=AugmentPlan(True, 1e-9, 1e-9, 1e-9, 0, 0, 0)), "train.augment"),
]


@pytest.mark.parametrize(("plan", "said"), ROWS, ids=[said for _, said in ROWS])
def test_what_is_outside_is_refused_and_named(plan, said):
    sentence = refused(plan)
    assert said in sentence
    assert "policy" in sentence


NARROW = [
    (PLAN, Policy(image_size=(64, 224)), "data.image_size=32"),
    (train(optimiser="sgd"), Policy(optimisers=("adam",)), "train.optimiser=sgd"),
    (strategy(proximal_mu=0.1), Policy(strategies=("fedavg",)), "strategy=fedprox"),
    (strategy(control_variates=True), Policy(strategies=("fedavg",)), "strategy=scaffold"),
    (strategy(keeps="normalisation"), Policy(strategies=("fedavg",)), "strategy=fedbn"),
    (strategy(keeps="everything"), Policy(strategies=("fedavg",)), "strategy=local"),
    (PLAN, Policy(strategies=("fedbn",)), "strategy=fedavg"),
    (PLAN, Policy(architectures=("another",)), "model.name=resnet18"),
    (PLAN, Policy(rounds=1), "rounds=2"),
]


@pytest.mark.parametrize(("plan", "policy", "said"), NARROW, ids=[said for _, _, said in NARROW])
def test_a_narrower_policy_refuses_more(plan, policy, said):
    check_plan(plan, POLICY)
    assert said in refused(plan, policy)


def test_augmentation_may_be_left_out_where_the_policy_says_so():
    check_plan(train(augment=AugmentPlan(False, 0, 0, 0, 0, 0, 0)), Policy(augmentation=False))


def test_a_billion_threads_are_not_given():
    check_plan(PLAN, POLICY, 64)
    assert "compute.threads=1000000000" in refused(PLAN, threads=10**9)


def test_a_strategy_that_asks_two_things_must_be_allowed_both():
    both = StrategyPlan(proximal_mu=0.1, keeps="normalisation")
    assert asks(both) == ["fedprox", "fedbn"]
    assert "strategy=fedbn" in refused(replace(PLAN, strategy=both), Policy(strategies=("fedavg", "fedprox")))


def split(train=30, val=6, test=6, **more):
    return {"train": {"glioma": train, **more}, "val": {"glioma": val}, "test": {"glioma": test}}


@pytest.mark.parametrize(
    ("counts", "policy", "said"),
    [
        (split(train=19), POLICY, "fewer than 20 slices to train on"),
        (split(val=1), POLICY, "fewer than 2 slices to validate"),
        (split(test=1), POLICY, "fewer than 2 slices to validate"),
        (split(pituitary=4), Policy(smallest_count=5), "a class of fewer than 5 slices"),
    ],
)
def test_what_the_split_shows_is_refused_without_a_count(counts, policy, said):
    with pytest.raises(PolicyRefusal) as raised:
        check_split(PLAN, policy, counts)
    assert raised.value.code == "POLICY002"
    assert said in raised.value.sentence
    assert not any(f" {count} " in raised.value.sentence for count in (19, 1, 4))


def test_where_folds_are_too_small_fewer_are_advised():
    folded = replace(PLAN, data=replace(PLAN.data, folds=20))
    with pytest.raises(PolicyRefusal, match=r"fewer data\.folds"):
        check_split(folded, POLICY, split(test=1))
    assert "fold 1 of 20 to test and 15% of the rest to validate with" in in_words(folded)


def test_a_split_within_the_policy_passes_and_an_empty_part_tells_nothing():
    check_split(PLAN, POLICY, split(val=0, pituitary=0))
    check_split(PLAN, Policy(smallest_count=5), split(pituitary=5))


def test_more_steps_than_the_policy_allows_are_refused():
    check_split(train(local_epochs=5), Policy(steps=10), split())
    with pytest.raises(PolicyRefusal, match="more than 9 steps a round"):
        check_split(train(local_epochs=5), Policy(steps=9), split())


EVALUATION = replace(PLAN, evaluation=EvaluationPlan("ab" * 32, "cd" * 16, ["somebody"]))


def test_an_evaluation_is_measured_by_what_it_does_and_can_be_forbidden():
    check_plan(replace(EVALUATION, train=train(lr=0.5).train), POLICY)
    assert "evaluation=true" in refused(EVALUATION, Policy(evaluation=False))
    assert "data.image_size" in refused(replace(EVALUATION, data=data(image_size=1024).data))
    counts = {"train": {}, "val": {}, "test": {"glioma": 5}}
    check_split(EVALUATION, POLICY, counts)
    with pytest.raises(PolicyRefusal, match="POLICY002"):
        check_split(EVALUATION, Policy(min_evaluation_slices=6), counts)


def test_with_the_hospitals_consent_its_update_goes_to_others():
    check_plan(replace(PLAN, yardsticks=YardstickPlan(cross_matrix=True)), Policy(share_update=True))


MASKED = PrivacyPlan("secagg", 24, 2, ["a", "b", "c"])
NOISED = DpPlan(epsilon=8.0, delta=1e-5, clip=1.0, patients_per_step=32, steps=16, views=1)
PROTECTED = {
    "none": PLAN,
    "secagg": replace(PLAN, privacy=MASKED),
    "dp_sgd": replace(PLAN, dp=NOISED),
    "dp_sgd_secagg": replace(PLAN, dp=NOISED, privacy=MASKED),
}


@pytest.mark.parametrize(
    ("least", "enough"),
    [
        ("none", {"none", "secagg", "dp_sgd", "dp_sgd_secagg"}),
        ("secagg", {"secagg", "dp_sgd_secagg"}),
        ("dp_sgd", {"dp_sgd", "dp_sgd_secagg"}),
        ("dp_sgd_secagg", {"dp_sgd_secagg"}),
    ],
)
def test_masks_and_noise_are_two_protections_and_neither_stands_for_the_other(least, enough):
    policy = Policy(privacy=least)
    for name, plan in PROTECTED.items():
        if name in enough:
            check_plan(plan, policy)
        else:
            assert refused(plan, policy).startswith(f"privacy={name} is outside this hospital's policy")


def test_a_budget_above_the_hospitals_own_is_refused():
    check_plan(PROTECTED["dp_sgd"], Policy(max_epsilon=8.0))
    assert "privacy.epsilon=8.0" in refused(PROTECTED["dp_sgd"], Policy(max_epsilon=3.0))
    check_plan(PLAN, Policy(max_epsilon=3.0))


def test_people_read_what_a_private_run_may_cost_their_patients():
    said = in_words(PROTECTED["dp_sgd"])
    assert "2 rounds of 16 steps" in said
    assert "32 patients a step" in said
    assert "noise that hides each patient up to epsilon 8 (delta 1e-5)" in said
    assert "noise" not in in_words(PLAN)
