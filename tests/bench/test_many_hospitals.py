"""The benchmark's made-up hospitals answer as the server requires, so that its rounds are the real ones."""

import re

import pytest

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


def test_the_table_has_a_line_for_each_number_and_a_dash_for_what_failed(capsys, monkeypatch):
    def follow(command):
        if "'ray', 100" in command[-1]:
            raise SystemExit("Ray did not start")
        count = 100 if "100" in command[-1] else 3
        return Course([0.0, 10.0], [0.0, 10.0 * count], 700.0 + count, [0.0] * count + [10.0] * count)

    monkeypatch.setattr(many_hospitals, "follow", follow)
    many_hospitals.main(["--hospitals", "100", "3", "--engines", "inprocess", "ray"])
    out, err = capsys.readouterr()
    lines = [line.split() for line in out.splitlines()]
    assert ["3", "10.00", "703", "10.00", "703"] in lines
    assert ["100", "10.00", "800", "–", "–"] in lines
    assert out.splitlines()[-1] == "ratio=1.14 (memory here, in process, 100 hospitals over 3)"
    assert "100 hospitals, here, Ray: Ray did not start" in err
