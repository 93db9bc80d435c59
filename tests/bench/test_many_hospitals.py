"""The benchmark's made-up hospitals answer as the server requires, so that its rounds are the real ones."""

import re

import pytest

from bench import many_hospitals


@pytest.mark.slow
@pytest.mark.parametrize("flags", [[], ["--in-memory"]], ids=["on disk", "in memory"])
def test_it_ends_with_the_most_hospitals_over_the_fewest(flags, capfd):
    many_hospitals.main(["--hospitals", "2", "3", *flags])
    few, many, ratio = (
        float(number) for number in re.findall(r"(?:hospitals: +|ratio=)([\d.]+)", capfd.readouterr().out)
    )
    assert ratio == pytest.approx(many / few, abs=0.02)
