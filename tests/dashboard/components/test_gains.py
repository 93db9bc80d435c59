from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from common.artifacts.load import load_run
from common.study.records import Study
from dashboard.components import gains
from tests.support.pages import open_page, said, tables
from tests.support.run_files import HOSPITALS, STRANGE, write_json, write_run
from tests.support.study_files import one_seed, save, worth_it


@pytest.fixture(autouse=True)
def output_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FL_OUTPUT_DIR", str(tmp_path))
    return tmp_path


def split(folder: Path, **changed: list[int]) -> None:
    """Write which slices test, the same for every hospital but those of `changed`."""
    body = {name: {"files_sha256": name, "test_idx": changed.get(name, [1, 2])} for name in [*HOSPITALS, *STRANGE]}
    write_json(folder / "dataset_splits.json", {"hospitals": body})


def verdict_of(output_dir: Path, run_id: str) -> str:
    found = gains.of_run(load_run(output_dir / "artifacts" / run_id))
    return found.source if found else "nothing"


def test_the_newest_own_models_on_the_same_slices_are_drawn(output_dir: Path) -> None:
    split(write_run(output_dir, "run-001", strategy="local", best=0.5))
    split(write_run(output_dir, "run-002", strategy="local", best=0.6), **{key: [7] for key in HOSPITALS})
    split(write_run(output_dir, "run-003", best=0.9))
    app = open_page()
    assert not app.exception
    text = said(app).replace("\\", "")
    assert "Every hospital gains from the shared model" in text
    assert "run-003 and run-001, one seed." in text
    assert len(app.get("plotly_chart")) == 3
    app.session_state["gain_figures"] = True
    figures = next(table for table in tables(app.run()) if "Own model" in table)
    assert figures["Verdict"].tolist() == ["gains"] * 3


def test_own_models_that_were_not_trained_alike_are_not_used(output_dir: Path) -> None:
    split(write_run(output_dir, "run-001", strategy="local", lr=0.1))
    split(write_run(output_dir, "run-002"))
    assert "no run of each hospital's own model, trained alike" in said(open_page())


def test_a_study_that_the_run_is_part_of_tells_more_than_two_runs(output_dir: Path) -> None:
    split(write_run(output_dir, "run-001"))
    split(write_run(output_dir, "run-002", strategy="local"))
    assert verdict_of(output_dir, "run-001") == "run-001 and run-002, one seed"
    save(output_dir, worth_it())
    assert verdict_of(output_dir, "run-001") == "study-001, three seeds"


def test_a_run_without_any_says_how_to_get_one(output_dir: Path) -> None:
    write_run(output_dir, "run-001")
    app = open_page()
    assert "no study here includes this run" in said(app)
    app.session_state["gain_how"] = True
    text = said(app.run())
    command = next(line for line in text.splitlines() if "strategy=local" in line)
    words = shlex.split(command)
    assert words[0].endswith("python")
    assert words[1:4] == ["-m", "server.simulate", "strategy=local"]
    assert {"rounds=4", "train.lr=0.001", f"output_dir={output_dir}"} <= set(words)
    assert not [word for word in words if word.startswith(("privacy", "resume", "in_service"))]


@pytest.mark.parametrize("how", [{"state": "running"}, {"strategy": "pooled", "pooled": True}])
def test_nothing_is_said_of_a_run_that_is_no_tested_federation(output_dir: Path, how: dict[str, object]) -> None:
    write_run(output_dir, **how)  # type: ignore[arg-type]
    assert gains.TITLE not in said(open_page())


def test_worth_it_begins_with_the_picture(output_dir: Path) -> None:
    save(output_dir, worth_it())
    app = open_page("worth_it")
    assert said(app).count("Who gains, who loses") == 1
    assert tables(app)[0].columns.tolist()[:3] == ["Hospital", "Verdict", "Difference"]


def test_a_study_without_own_models_has_no_picture(output_dir: Path) -> None:
    found: Study = replace(one_seed(), strategies=("fedavg",))
    save(output_dir, found)
    assert gains.TITLE not in said(open_page("worth_it"))


def test_hostile_names_are_text(output_dir: Path) -> None:
    split(write_run(output_dir, "run-001", hospitals=STRANGE))
    split(write_run(output_dir, "run-002", hospitals=STRANGE, strategy="local", best=0.5))
    app = open_page()
    assert not app.exception
    assert "<script>" not in "".join(element.value for element in app.markdown)
    assert "<script>" not in json.dumps([chart.proto.spec for chart in app.get("plotly_chart")])
