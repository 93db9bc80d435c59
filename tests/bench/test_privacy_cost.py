"""The table of what privacy costs: which runs it takes, and that it is made of their files."""

import os
import re

import pytest

from bench.privacy_cost.__main__ import main
from bench.privacy_cost.grid import Given, Row, plan, rows_of
from bench.privacy_cost.table import markdown
from tests.conftest import PHANTOM_HOSPITALS
from tests.support.small_network_row import EVERYWHERE

GIVEN = Given(["rounds=1"], ["privacy.steps=2"], ["train.local_epochs=2"], ["train.lr=1e-2"])


def test_a_row_without_a_budget_has_one_view_alone():
    rows = rows_of(["everything"], [8.0, None], [1, 4])
    assert [(row.epsilon, row.views) for row in rows] == [(8.0, 1), (None, 1), (8.0, 4)]


def test_all_rows_train_the_network_without_batch_normalisation():
    planned = plan([Row("everything", 3.0, 2), Row("everything", None)], [7], GIVEN)
    private, plain = (each.settings for _, each in planned)
    assert (private.privacy.epsilon, private.privacy.views, private.privacy.steps) == (3.0, 2, 2)
    assert (plain.privacy.name, plain.train.local_epochs, plain.seed) == ("none", 2, 7)
    assert private.model.name == plain.model.name == "resnet18_gn"


def test_a_row_without_runs_has_no_figures():
    line = markdown([Row("everything", 8.0)], [42], {}).splitlines()[-1]
    assert line == "| every weight | 8 | – | – | 0 | – | – |"


@pytest.mark.slow
def test_the_table_is_made_of_runs_and_a_second_command_runs_nothing(phantoms, tmp_path, monkeypatch, capsys):
    for name, value in EVERYWHERE.items():
        monkeypatch.setitem(os.environ, name, value)
    places = ["--data-root", str(phantoms), "--out", str(tmp_path), "--image-size", "32", "--rounds", "1"]
    rows = ["--seeds", "42", "--epsilons", "1000,none", "--parts", "everything"]
    private = ["--private", "privacy.steps=1 privacy.patients_per_step=4"]
    flags = [*places, *rows, *private, PHANTOM_HOSPITALS]
    assert main(flags) == 0
    first = capsys.readouterr().out
    private, plain = first.splitlines()[-2:]
    assert re.match(
        r"\| every weight \| 1000 \| \d+\.\d\d(–\d+\.\d\d)? \| \d\.\d\d(–\d\.\d\d)? \| 1 \| \d+\.\d ", private
    )
    assert plain.startswith("| every weight | none | – | – | 1 |")
    assert main(flags) == 0
    assert capsys.readouterr().out == first
    assert sorted(path.name for path in (tmp_path / "artifacts").iterdir() if path.is_dir()) == ["run-001", "run-002"]
