"""The benchmark's made-up hospitals answer as the server requires, so that its rounds are the real ones."""

import re

import pytest
from rich.console import Console

from bench import many_hospitals
from bench._family import Course
from bench.many_hospitals import Cost, cost_of


@pytest.mark.slow
def test_it_ends_with_the_most_hospitals_over_the_fewest(capfd):
    many_hospitals.main(["--hospitals", "3", "2", "--engines", "inprocess"])
    out, err = capfd.readouterr()
    few, many = (float(number) for number in re.findall(r"s, (\d+) MiB", err))
    assert float(re.findall(r"ratio=([\d.]+)", out)[0]) == pytest.approx(many / few, abs=0.02)


def test_a_hospital_costs_its_share_of_a_round():
    course = Course([0.0, 10.0, 20.0], [0.0, 10.0, 30.0], 500.0, [10.0, 11.0, 20.0, 21.0])
    assert cost_of(course, 2) == Cost(10.0, 500.0)
    with pytest.raises(SystemExit, match="4 trainings, not 6"):
        cost_of(course, 3)


def test_the_table_has_a_line_for_each_number_of_hospitals(capsys):
    costs = {3: {"inprocess": Cost(1.0, 700.0)}, 100: {"inprocess": Cost(1.5, 1700.0)}}
    Console(width=80).print(many_hospitals.results(costs))
    assert capsys.readouterr().out.splitlines()[-2].split() == ["100", "1.50", "1,700"]
