import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from common.phantoms.folders import make_phantoms

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("phantoms") / "set"
    make_phantoms(out, image_size=48, slices_per_class=24)
    return out


def audited(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    command = [sys.executable, "-m", "clients.audit", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_report_on_screen_and_in_json(phantoms, tmp_path):
    done = audited(
        "hospital=phantom_jaipur", f"data.root={phantoms}", "data.image_size=32", "json=report.json", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "Phantom Jaipur" in done.stdout
    for code in ("DATA003", "DATA004", "DATA005", "DATA006", "DATA008", "DATA012", "DATA013"):
        assert code in done.stdout
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["hospital"] == "Phantom Jaipur"
    assert report["unmatched_folders"] == ["Unsorted"]
    (unreadable,) = [finding for finding in report["audit"] if finding["code"] == "DATA004"]
    assert unreadable["files"] == ["glioma/Tr-gl_8001.jpg"]
    assert sum(report["split_counts"]["train"].values()) > 0
    if os.name != "nt":
        assert stat.S_IMODE((tmp_path / "report.json").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == [".cache", "report.json"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "CONF005"),
        (["hospital=nobody"], "CONF002"),
        (["hospital=aiims_delhi", "data.root=nowhere"], "DATA001"),
        (["hospital=aiims_delhi", "data.image_size=5"], "CONF010"),
        (["hospital=aiims_delhi", "colour=red"], "CONF001"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_exit_2(arguments, says, tmp_path):
    done = audited(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_without_images_names_path_and_folders(tmp_path):
    (tmp_path / "dataset-1" / "Head CT").mkdir(parents=True)
    (tmp_path / "dataset-1" / "Head CT" / "1.jpg").touch()
    done = audited("hospital=aiims_delhi", f"data.root={tmp_path}", cwd=tmp_path)
    assert done.returncode == 2
    assert str(tmp_path / "dataset-1") in done.stderr
    assert '"Head CT"' in done.stderr
