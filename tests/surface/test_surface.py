"""Nothing that people, scripts or older results rely on changes unnoticed.

``surface.json`` beside this file says how it is meant to be; ``python -m tests.surface.record`` writes it anew after a
change that is meant.
"""

import json

import pytest

from tests.surface.surface import FILE, collect

pytestmark = pytest.mark.slow
MEANT = json.loads(FILE.read_text())


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return collect(tmp_path_factory.mktemp("surface"))


def differences(meant, found) -> list[str]:
    """Say in a line each what is gone, new or other."""
    lines = []
    for name in sorted({**meant, **found}):
        before, now = meant.get(name), found.get(name)
        if isinstance(before, list) and isinstance(now, list):
            lines += [f"{name}: no longer '{line}'" for line in before if line not in now]
            lines += [f"{name}: now '{line}'" for line in now if line not in before]
            lines += [f"{name}: in another order"] if sorted(before) == sorted(now) and before != now else []
        elif before != now:
            lines.append(f"{name}: was {before!r}, is {now!r}")
    return lines


@pytest.mark.parametrize("program", MEANT["settings"])
def test_every_setting_keeps_its_name_its_type_and_its_default(found, program):
    assert not differences(MEANT["settings"][program], found["settings"][program])


def test_each_experiment_and_each_strategy_sets_what_it_has_set(found):
    meant, now = (
        {f"{choice} {name}": value for choice, sets in whole["choices"].items() for name, value in sets.items()}
        for whole in (MEANT, found)
    )
    assert not differences(meant, now)


def test_the_same_commands_can_be_started(found):
    assert not differences({"commands": MEANT["commands"]}, {"commands": found["commands"]})


@pytest.mark.parametrize("command", MEANT["help"])
def test_a_command_answers_help_as_it_did(found, command):
    assert not differences({command: MEANT["help"][command]}, {command: found["help"].get(command, [])})


def test_a_wrong_command_line_is_refused_as_it_was(found):
    assert not differences(MEANT["refused"], found["refused"])


def test_each_code_keeps_its_class(found):
    assert not differences(MEANT["codes"], found["codes"])


def test_each_class_of_errors_keeps_its_exit_code(found):
    assert not differences(MEANT["exit codes"], found["exit codes"])


def test_the_small_runs_and_tools_end_as_they_did(found):
    assert not differences(MEANT["ended"], found["ended"])


def test_runs_studies_and_tools_leave_the_same_files(found):
    assert not differences(MEANT["files"], found["files"])


@pytest.mark.parametrize("file", MEANT["keys"])
def test_the_keys_of_a_file_and_their_types_stay(found, file):
    assert not differences(MEANT["keys"][file], found["keys"].get(file, {}))


def test_no_new_file_has_keys(found):
    assert sorted(MEANT["keys"]) == sorted(found["keys"])


def test_a_runs_files_hold_its_settings(found):
    assert not differences(MEANT["settings in files"], found["settings in files"])
