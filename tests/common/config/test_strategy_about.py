"""Every strategy is described, for whoever has to choose one: on screen and in the documentation."""

import re
from pathlib import Path

from common.config.hydra import compose_settings
from common.config.strategies import NUMBERS
from common.config.strategy_about import ABOUT

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "strategies.md"


def test_every_strategy_is_described_and_none_that_there_is_not():
    assert set(ABOUT) == set(NUMBERS)
    for about in ABOUT.values():
        assert about.does.endswith(".")
        assert about.use.endswith(".")


def test_the_documentation_names_every_strategy_and_its_numbers():
    rows = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| `")]
    described = {row.split("`")[1]: row for row in rows}
    assert set(described) == set(NUMBERS)
    for name, numbers in NUMBERS.items():
        strategy = compose_settings([f"strategy={name}"]).strategy
        for number in numbers:
            found = re.search(rf"`{number}` \(([-.e\d]+)", described[name])
            assert found, (name, number)
            assert float(found[1]) == getattr(strategy, number), (name, number)
