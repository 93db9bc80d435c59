"""The folder of a dossier: whole, the same each time, self-contained, and written for runs in any state."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from common.dossier import build
from common.dossier.build import files_in, write_dossier
from common.errors import InputError
from common.files import sha256_of
from tests.support.run_files import STRANGE, write_run, write_version_one


def contents(folder):
    return {name: path.read_bytes() for name, path in files_in(folder)}


def test_a_dossier_holds_everything_and_no_weights(written):
    names = set(contents(written))
    assert {"index.html", "README.md", "SHA256SUMS", "claim.csv", "tripod.csv", "environment.json"} <= names
    assert {"model_card.md", "figures/confusion.svg", "figures/confusion.csv", "figures/calibration.svg"} <= names
    assert "recorded/artifacts/run-001/model_meta.json" in names
    assert not [name for name in names if name.endswith(".pth")]


def test_the_same_run_gives_the_same_bytes(output, written, tmp_path):
    write_dossier(output, "run-001", tmp_path / "again")
    assert contents(tmp_path / "again") == contents(written)


def test_sha256sum_agrees(written):
    done = subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=written, check=False)
    assert done.returncode == 0
    listed = {line.split("  ")[1] for line in (written / "SHA256SUMS").read_text().splitlines()}
    assert listed == set(contents(written)) - {"SHA256SUMS"}


def test_recorded_files_are_the_runs_own(output, written):
    for name in ("model_meta.json", "config.yaml", "ledger.jsonl"):
        assert sha256_of(written / "recorded/artifacts/run-001" / name) == sha256_of(
            output / "artifacts/run-001" / name
        )


def test_the_page_asks_for_nothing_and_runs_nothing(written):
    class Seen(HTMLParser):
        def __init__(self):
            super().__init__()
            self.tags, self.asked = set(), []

        def handle_starttag(self, tag, attributes):
            self.tags.add(tag)
            self.asked += [value for name, value in attributes if name in ("src", "href", "action", "data")]

    page = (written / "index.html").read_text()
    seen = Seen()
    seen.feed(page)
    assert not {"script", "link", "img", "iframe", "object", "embed"} & seen.tags
    assert all(value.startswith("#") or (written / value).is_file() for value in seen.asked)
    assert "url(" not in page
    assert "@import" not in page
    assert seen.tags >= {"svg", "table", "figure"}


def test_every_page_figure_and_table_of_drawn_slices_says_so(written):
    texts = {name: content.decode() for name, content in contents(written).items() if "recorded/" not in name}
    silent = [name for name, text in texts.items() if "SYNTHETIC" not in text and name != "SHA256SUMS"]
    assert not silent
    page = texts["index.html"]
    assert page.count("<svg") == len([svg for svg in re.findall(r"<svg.*?</svg>", page, re.S) if ">SYNTHETIC<" in svg])
    assert '<div class="stamp">SYNTHETIC</div>' in page, "at the head of each printed page"


def test_the_environment_is_what_the_run_recorded(output, written):
    environment = json.loads((written / "environment.json").read_text())
    status = json.loads((output / "artifacts/run-001/status.json").read_text())
    assert environment["packages"] == status["packages"]
    assert {"numpy", "torch", "scikit-learn", "pillow"} <= environment["packages"].keys()
    assert environment["platform"]["platform"]
    assert environment["threads_of_each_hospital"] == 1


def test_a_folder_that_is_there_is_refused_and_untouched(output, tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError, match=r"there is there already") as error:
        write_dossier(output, "run-001", tmp_path / "there")
    assert error.value.code == "DOSSIER001"
    assert not list((tmp_path / "there").iterdir())


def test_nothing_is_left_of_a_dossier_that_failed(output, tmp_path, monkeypatch):
    monkeypatch.setattr(
        build, "sums_file", lambda folder: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(InputError, match="No space left on device"):
        write_dossier(output, "run-001", tmp_path / "out" / "dossier")
    assert not list((tmp_path / "out").iterdir())


def test_an_unknown_run_is_refused(output, tmp_path):
    with pytest.raises(InputError, match="There is no run 'run-099'"):
        write_dossier(output, "run-099", tmp_path / "dossier")


@pytest.mark.parametrize("state", ["completed", "failed", "interrupted", "running"])
def test_a_run_in_any_state_gets_its_dossier(tmp_path, state):
    write_run(tmp_path, state=state, done=2, rounds=4, reason="the disk is full" if state == "failed" else None)
    write_dossier(tmp_path, "run-001", tmp_path / "dossier")
    page = (tmp_path / "dossier/index.html").read_text()
    assert state in page
    assert ("the disk is full" in page) == (state == "failed")


def test_version_ones_run_and_an_empty_one_get_theirs(tmp_path):
    write_version_one(tmp_path)
    (tmp_path / "artifacts/run-002").mkdir()
    for run_id in ("run-001", "run-002"):
        write_dossier(tmp_path, run_id, tmp_path / f"dossier-{run_id}")
    assert "Not recorded by this run." in (tmp_path / "dossier-run-002/index.html").read_text()
    assert (tmp_path / "dossier-run-001/figures/confusion.svg").exists()


@pytest.mark.parametrize("name", ["model_meta.json", "training_history.json", "dataset_stats.json", "status.json"])
@pytest.mark.parametrize("content", [b"{", b"[]", b"null", b"\xff\xfe", b'{"metrics": 3, "hospitals": {"a": []}}'])
def test_a_damaged_file_is_said_and_stops_nothing(output, tmp_path, name, content):
    shutil.copytree(output / "artifacts", tmp_path / "artifacts")
    (tmp_path / "artifacts/run-001" / name).write_bytes(content)
    evidence = write_dossier(tmp_path, "run-001", tmp_path / "dossier")
    if content in (b"{", b"\xff\xfe"):
        assert name in {problem.file for problem in evidence.problems}
        assert f"{name}: " in (tmp_path / "dossier/index.html").read_text()


def test_a_hospitals_name_is_never_markup(tmp_path):
    write_run(tmp_path, hospitals=STRANGE)
    write_dossier(tmp_path, "run-001", tmp_path / "dossier")
    page = (tmp_path / "dossier/index.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "टाटा मेमोरियल मुंबई" in page
