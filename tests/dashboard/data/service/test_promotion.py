from __future__ import annotations

import json
from pathlib import Path

import pytest

from common.artifacts.load import load_run
from common.artifacts.schema import Run
from dashboard.data.service import promotion
from dashboard.settings import ROOT
from tests.support.run_files import write_json, write_run, write_version_one


def complete(output_dir: Path, run_id: str, **how: object) -> Run:
    folder = write_run(output_dir, run_id, **how)  # type: ignore[arg-type]
    (folder / "global_model.pth").write_bytes(b"weights")
    return load_run(folder)


def test_only_a_completed_run_with_its_weights_and_their_hash_can_be_promoted(tmp_path: Path) -> None:
    ready = complete(tmp_path, "run-001")
    others = [
        complete(tmp_path, "run-002", state="failed", reason="x"),
        complete(tmp_path, "run-003", strategy="local", keeps="everything"),
        load_run(write_run(tmp_path, "run-004")),
        load_run(write_version_one(tmp_path, "run-006")),
    ]
    unsigned = complete(tmp_path, "run-005")
    meta = json.loads((unsigned.folder / "model_meta.json").read_text())
    write_json(unsigned.folder / "model_meta.json", meta | {"sha256": None})
    assert promotion.promotable([*others, load_run(unsigned.folder), ready]) == [ready]
    reasons = [promotion.why_not(run) or "" for run in others]
    for reason, part in zip(reasons, ("failed", "trained alone", "not in its folder", "Version 1"), strict=True):
        assert part in reason


def test_what_is_advised_can_be_done(tmp_path: Path) -> None:
    def advice(*runs: Run) -> tuple[str, str]:
        sentence, command = promotion.advice(runs, ROOT)
        return sentence, command or ""

    failed = complete(tmp_path, "run-004", state="failed", reason="x")
    running = complete(tmp_path, "run-005", state="running")
    own = complete(tmp_path, "run-003", strategy="local", keeps="everything")
    ready = complete(tmp_path, "run-001")
    assert advice(failed, ready)[1] == 'python -m server.promote run-001 --reason "..."'
    assert advice(running, failed) == ("run-005 is running; its model goes there when it completes.", "")
    assert advice(failed)[1] == "python -m server.simulate resume=run-004"
    assert "trained alone" in advice(own)[0]
    assert advice()[1] == advice(own)[1] == "python -m server.simulate experiment=demo"


def test_version_1_is_not_promoted_but_copied(tmp_path: Path) -> None:
    run = load_run(write_version_one(tmp_path))
    sentence, command = promotion.advice([run], tmp_path / "old runs")
    assert "Copy its global_model.pth to models/" in sentence
    assert command == f"python -m server.simulate experiment=demo 'output_dir={tmp_path / 'old runs'}'"


@pytest.mark.parametrize("content", [None, b""])
def test_an_empty_file_of_weights_is_left_to_the_check_of_promoting(tmp_path: Path, content: bytes | None) -> None:
    folder = write_run(tmp_path)
    if content is not None:
        (folder / "global_model.pth").write_bytes(content)
    assert bool(promotion.promotable([load_run(folder)])) is (content is not None)
