"""``python -m clients.cases``, after a simulated run."""

from __future__ import annotations

import csv
import stat
import webbrowser

import pytest
import yaml

from clients.cases.__main__ import PAGE, main
from clients.cases.table import FILE, encode_table, read_table
from common.config.hydra import load_hospital
from tests.support.cases import case, table

TOKEN = "ab" * 16


@pytest.fixture
def kept(tmp_path):
    """A simulated hospital's table of two cases."""
    path = tmp_path / "cache" / "runs" / TOKEN / "phantom_jaipur" / FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(encode_table(table(case("glioma", "notumor", 0.9, "=1+1.png"), case("glioma", "glioma", 0.6))))
    return path


def run(tmp_path, *flags: str) -> int:
    return main(["--hospital", "phantom_jaipur", "--cache-dir", str(tmp_path / "cache"), *flags])


def test_the_worst_are_listed(kept, tmp_path, capsys):
    assert run(tmp_path) == 0
    said = capsys.readouterr().out
    assert "1 of 2 test slices wrong" in said
    assert "=1+1.png" in said
    assert "90.0 %" in said
    assert "SYNTHETIC" in said
    assert "guessed" in said


def test_the_csv_holds_all_cases_for_its_owner_and_no_formula(kept, tmp_path):
    assert run(tmp_path, "--csv", str(tmp_path / "cases.csv"), "--most", "1") == 0
    rows = list(csv.DictReader((tmp_path / "cases.csv").open()))
    assert [row["file"] for row in rows] == ["'=1+1.png", "a/1.png"]
    assert float(rows[0]["probability of notumor"]) == 0.9
    assert stat.S_IMODE((tmp_path / "cases.csv").stat().st_mode) == 0o600


def test_the_page_lies_beside_the_table_and_is_opened(kept, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    assert run(tmp_path, "--open", "--data-root", str(tmp_path)) == 0
    page = kept.with_name(PAGE)
    assert opened == [page.as_uri()]
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert "not there any more" in page.read_text()


def test_a_hospital_with_its_own_settings_file_finds_its_cases(kept, tmp_path, capsys):
    hospital = load_hospital("phantom_jaipur")
    settings = {
        "superlink": "centre.example.org:8443",
        "private_key": "own.key",
        "data_root": "mri",
        "cache_dir": "cache",
        "keep_cases": True,
        "hospital": {**vars(hospital), "location": list(hospital.location)},
    }
    (tmp_path / "hospital.yaml").write_text(yaml.safe_dump(settings))
    assert main(["--config", str(tmp_path / "hospital.yaml")]) == 0
    assert "1 of 2 test slices wrong" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        (["--run", "ff"], "CASES001"),
        (["--csv", "/proc/none/cases.csv"], "CASES003"),
        (["--cache-dir", "/nowhere"], "CASES001"),
    ],
)
def test_what_cannot_be_is_one_sentence(kept, tmp_path, capsys, flags, code):
    assert run(tmp_path, *flags) == 2
    said = capsys.readouterr().err
    assert code in said
    assert said.count("\n") == 1


def test_a_simulation_keeps_cases_at_the_hospitals_and_no_file_of_the_run_names_one(simulate, tmp_path):
    out = tmp_path / "out"
    done = simulate("rounds=1", "data.keep_cases=true", f"output_dir={out}")
    assert done.code == 0, done.err
    tables = [read_table(path) for path in (tmp_path / "cache").glob(f"runs/*/*/{FILE}")]
    assert len(tables) == 3
    names = {each.file.rpartition("/")[2].encode() for found in tables for each in found.cases}
    assert len(names) > 10
    written = [path for path in out.rglob("*") if path.is_file()]
    assert written
    for path in written:
        content = path.read_bytes()
        assert not [name for name in names if name in content], path
