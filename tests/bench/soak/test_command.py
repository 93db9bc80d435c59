"""The command lists its events, refuses what it does not know, and runs what it lists."""

import pytest

from bench.soak import __main__ as command
from bench.soak.event import EVENTS
from bench.soak.verdicts import Trial


def test_the_list_names_every_event_and_the_schedule(capsys):
    assert command.main(["--list", "--seed", "3"]) == 0
    out = capsys.readouterr().out
    assert all(f"{name}: " in out for name in EVENTS)
    assert "run 1, fedavg: undisturbed" in out


def test_an_event_that_there_is_not_is_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        command.main(["--only", "earthquake"])
    assert "no event's name holds earthquake" in capsys.readouterr().err


def test_where_no_namespaces_can_be_made_it_says_so(monkeypatch, capsys):
    monkeypatch.setattr(command, "_disturb", lambda *arguments: False)
    assert command.main(["--hours", "0"]) == 2
    assert "be root" in capsys.readouterr().err


@pytest.mark.parametrize(("state", "code"), [("completed", 0), ("failed", 1)])
def test_the_exit_code_is_the_verdict_and_the_json_has_it_all(state, code, monkeypatch, capsys, tmp_path):
    def disturb(folder, given, seen, console):
        seen.trials.append(Trial(1, "fedavg", state, same_weights=True))
        return True

    monkeypatch.setattr(command, "_disturb", disturb)
    assert command.main(["--hours", "0", "--out", str(tmp_path / "soak.json")]) == code
    assert "every run completes" in " ".join(capsys.readouterr().out.split())
    assert (tmp_path / "soak.json").read_text().count('"verdict"') > len(EVENTS)
