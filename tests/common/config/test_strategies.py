"""Each strategy has a file with every number that it uses, and no other number is taken silently."""

import re
from pathlib import Path

import pytest

from common.config.hydra import CONF_DIR, compose_settings
from common.config.strategies import (
    STRATEGIES,
    StrategyPlan,
    StrategySettings,
    fewest_hospitals,
    refuse_pooled,
    strategy_plan,
    users_of,
)
from common.errors import InputError
from common.protocol.plan import plan_of

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "strategies.md"


def test_every_strategy_has_its_file_and_every_file_its_strategy():
    assert {path.stem for path in (CONF_DIR / "strategy").glob("*.yaml")} == set(STRATEGIES)


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_file_sets_the_numbers_that_its_strategy_uses(name):
    strategy = compose_settings([f"strategy={name}"]).strategy
    assert strategy.name == name
    assert [number for number in STRATEGIES[name].numbers if getattr(strategy, number) is None] == []


def test_what_fedprox_asks_of_the_hospitals_travels():
    assert plan_of(compose_settings(["strategy=fedprox", "strategy.proximal_mu=0.5"])).strategy.proximal_mu == 0.5
    plain = StrategySettings(clip_to_median=None, weight_to_median=None)
    assert strategy_plan(plain) == StrategyPlan()


def test_scaffold_brings_its_own_training_and_the_command_line_has_the_last_word():
    found = compose_settings(["strategy=scaffold", "experiment=demo"])
    assert (found.train.optimiser, found.train.momentum, found.train.lr) == ("sgd", 0.0, 0.02)
    assert found.train.batch_size == 16, "what has nothing to do with the optimiser stays the experiment's"
    assert plan_of(found).strategy.control_variates
    assert compose_settings(["strategy=scaffold", "train.lr=0.2"]).train.lr == 0.2
    assert compose_settings([]).train.optimiser == "adam"


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (["strategy.proximal_mu=0.1"], "takes null with fedavg; it belongs to fedprox"),
        (["strategy.name=fedprox"], "strategy.proximal_mu takes 0 or more, up to 1000; strategy=fedprox sets one"),
        (["strategy.name=fedmagic"], "strategy.name takes fedavg, fedprox"),
        (["strategy=fedprox", "strategy.proximal_mu=-1"], "0 or more"),
        (["strategy=fedprox", "strategy.proximal_mu=inf"], "0 or more"),
        (["strategy=fedavgm", "strategy.server_momentum=1"], "a share from 0 to below 1"),
        (["strategy=fedadam", "strategy.tau=0"], "a number above 0"),
        (["strategy=fedadam", "strategy.server_momentum=0.9"], "null with fedadam; it belongs to fedavgm"),
        (["strategy=fedtrimmedavg", "strategy.trim_fraction=0.5"], "from 0.001 to below 0.5"),
        (["strategy=fedtrimmedavg", "strategy.trim_fraction=0.2"], "3 hospitals are enough, and this one needs 5"),
        (["strategy=krum", "strategy.malicious_hospitals=1"], "3 hospitals are enough, and this one needs 5"),
        (["strategy=krum", "strategy.malicious_hospitals=-1"], "a whole number from 0"),
        (
            ["strategy=fedmedian", "hospitals=[a,b]"],
            "strategy.name=fedmedian cannot be; strategy.name takes",
        ),
        (["strategy=scaffold", "train.optimiser=adam"], "train.optimiser takes sgd with scaffold"),
        (["strategy=scaffold", "train.momentum=0.9"], "train.momentum takes 0 with scaffold"),
        (["train.optimiser=lamb"], "train.optimiser takes adam or sgd"),
        (["train.optimiser=sgd", "train.momentum=1"], "train.momentum takes a share"),
        (["strategy=krum", "strategy.min_hospitals=2"], "strategy.min_hospitals takes 3 to 3"),
    ],
)
def test_a_number_that_cannot_be_is_one_sentence(overrides, says):
    with pytest.raises(InputError, match="CONF010") as caught:
        compose_settings(overrides)
    assert says in caught.value.sentence


def test_users_of_a_number():
    assert users_of("proximal_mu") == ["fedprox"]
    assert users_of("tau") == ["fedadam", "fedyogi"]


@pytest.mark.parametrize(
    ("settings", "fewest"),
    [
        (StrategySettings(), 1),
        (StrategySettings("fedmedian"), 3),
        (StrategySettings("fedtrimmedavg", trim_fraction=0.34), 3),
        (StrategySettings("fedtrimmedavg", trim_fraction=0.33), 4),
        (StrategySettings("fedtrimmedavg", trim_fraction=0.2), 5),
        (StrategySettings("fedtrimmedavg", trim_fraction=0.49), 3),
        (StrategySettings("fedtrimmedavg", trim_fraction=0.001), 1000),
        (StrategySettings("krum", malicious_hospitals=2), 7),
    ],
)
def test_how_many_hospitals_a_strategy_needs(settings, fewest):
    assert fewest_hospitals(settings) == fewest


def test_every_strategy_is_described():
    for about in STRATEGIES.values():
        assert about.does.endswith(".")
        assert about.use.endswith(".")


def test_the_documentation_names_every_strategy_and_its_numbers():
    rows = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| `")]
    described = {row.split("`")[1]: row for row in rows}
    assert set(described) == set(STRATEGIES)
    for name, row in STRATEGIES.items():
        strategy = compose_settings([f"strategy={name}"]).strategy
        for number in row.numbers:
            found = re.search(rf"`{number}` \(([-.e\d]+)", described[name])
            assert found, (name, number)
            assert float(found[1]) == getattr(strategy, number), (name, number)


def test_separate_machines_cannot_pool():
    refuse_pooled("local")
    with pytest.raises(InputError, match=r"STRATEGY001.*simulation only"):
        refuse_pooled("pooled")
