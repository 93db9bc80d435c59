from __future__ import annotations

import json
from pathlib import Path

from common.artifacts.load import load_run
from dashboard.data.verdicts import data
from tests.support.run_files import write_json, write_run, write_version_one


def test_data_says_what_is_held_and_used_and_what_to_do(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    run = load_run(folder)
    assert data.of_run(run).text == (
        "Caution. 1,175 slices of 3 hospitals are held, all of them used; nothing must be fixed before training; 1 "
        "thing to know."
    )
    stats = json.loads((folder / "dataset_stats.json").read_text())
    name = next(iter(stats))
    stats[name]["split_counts"]["train"] = {"glioma": 10}
    stats[name]["groups_across_splits"] = 2
    stats[name]["audit"][0]["severity"] = "error"
    write_json(folder / "dataset_stats.json", stats)
    said = data.of_run(load_run(folder)).text
    assert "are held, 889 were used; 1 problem must be fixed" in said
    assert "Related slices are on more than one side of the split" in said
    assert "No audit was recorded" in data.of_run(load_run(write_version_one(tmp_path / "v1"))).text
