from __future__ import annotations

import json
from pathlib import Path

from common.artifacts.load import load_run
from common.artifacts.schema import HospitalData
from dashboard.screens import data
from tests.support.run_files import HOSPITALS, write_json, write_run, write_version_one


def test_the_gravest_finding_first(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    stats = json.loads((folder / "dataset_stats.json").read_text())
    name = next(iter(stats))
    for code, severity in (("DATA012", "info"), ("DATA007", "error"), ("DATA003", "nonsense")):
        stats[name]["audit"].append({"code": code, "severity": severity, "title": "t", "sentence": "s", "count": 1})
    write_json(folder / "dataset_stats.json", stats)
    run = load_run(folder)
    found = data.findings_of(run.hospitals[name])
    assert [finding.code for finding in found] == ["DATA007", "DATA004", "DATA003", "DATA012"]
    assert data.severities(found) == {"error": 1, "warning": 1, "info": 2}
    row = data.overview(run).set_index("Hospital").loc[name]
    assert (row["Errors"], row["Warnings"], row["Notes"]) == ("1", "1", "2")


def test_the_split_per_class(tmp_path: Path) -> None:
    table = data.split_table(load_run(write_run(tmp_path)))
    assert table["Hospital"].tolist() == [name for name in sorted(HOSPITALS) for _ in range(3)]
    assert table["Part"].tolist()[:3] == ["Training", "Validation", "Test"]
    assert table["No tumour"].tolist()[3] == "0"


def test_version_1_has_neither(tmp_path: Path) -> None:
    run = load_run(write_version_one(tmp_path))
    assert not data.audited(run)
    assert data.split_table(run).empty
    assert set(data.overview(run)["Errors"]) == {"–"}


def test_the_split_in_words() -> None:
    def say(**facts: object) -> str:
        return data.split_sentence(HospitalData("A", **facts))  # type: ignore[arg-type]

    assert "not recorded" in say()
    assert "one by one" in say(grouped_split=False)
    assert "none of them on two sides" in say(grouped_split=True, group_count=60, groups_across_splits=0)
    assert "3 of 60 groups" in say(grouped_split=True, group_count=60, groups_across_splits=3)
    assert say(grouped_split=False, gap=1047).endswith("1,047 slices near those of the test are in no part.")
    assert "how many are on two sides is not recorded" in say(grouped_split=True, group_count=60)
