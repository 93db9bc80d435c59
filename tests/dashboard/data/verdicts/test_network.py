from __future__ import annotations

from pathlib import Path

from common.artifacts.load import load_run
from dashboard.data import live
from dashboard.data.verdicts import network
from tests.support.run_files import START, write_run


def test_network_names_worst_and_best_and_whether_chance_could_be_why(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path))
    found = network.of_run(run, live.now_of(run), START)
    assert found is not None
    assert "Lowest at Phantom Kolkata: 86 % (80 to 91), highest at Phantom Hyderabad: 90 %" in found.text
    assert "the difference could be chance" in found.text
    assert (found.tone, found.sentences[-1]) == ("caution", "2 reasons for doubt: see Analytics.")
