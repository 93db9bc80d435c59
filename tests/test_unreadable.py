"""A folder or a file that this user may not read or write is one sentence and exit code 2, in every command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clients import join, key, preflight
from common.audit.report import audit
from common.config.hydra import load_hospital
from common.config.settings import DataPlan
from common.data.prepare import prepare
from common.data.scan import scan_folder
from common.files import write_json
from common.phantoms.folders import make_phantoms
from server import credentials, promote, serve
from tests.support.ordinary_user import ordinary_user
from tests.support.service_runs import completed_run


@pytest.fixture
def shut() -> Iterator[Callable[[Path], Path]]:
    """Take every right on a path away; give them back in the end, so that the folder can be removed."""
    rights: dict[Path, int] = {}

    def take(path: Path) -> Path:
        rights[path] = path.stat().st_mode
        path.chmod(0)
        return path

    with ordinary_user():
        yield take
        for path, mode in rights.items():
            path.chmod(mode)


def refused(code: int, err: str, *signs: str) -> None:
    lines = err.strip().splitlines()
    assert code == 2, err
    assert len(lines) == 1, err
    assert lines[0].startswith("error ")
    assert "Traceback" not in err
    for sign in signs:
        assert sign in lines[0]


@pytest.mark.parametrize(
    ("which", "code"),
    [("root", "DATA001"), ("cache", "CACHE001"), ("artifacts", "OUT001"), ("models", "OUT001"), ("logs", "OUT001")],
)
def test_a_simulation(which, code, shut, simulate, tmp_path):
    make_phantoms(tmp_path / "slices", image_size=48, slices_per_class=4, seed=0)
    places = {"root": tmp_path / "slices" / "dataset-1", "cache": tmp_path / "cache"}
    place = places.get(which, tmp_path / which)
    place.mkdir(exist_ok=True)
    shut(place)
    done = simulate(f"data.root={tmp_path}/slices", f"output_dir={tmp_path}")
    refused(done.code, done.err, code, str(place))


def test_unreadable_slices_and_classes_are_findings_and_the_rest_is_used(shut, tmp_path):
    make_phantoms(tmp_path / "slices", image_size=48, slices_per_class=16, seed=0)
    jaipur = load_hospital("phantom_jaipur")
    home = tmp_path / "slices" / jaipur.path
    lost = len(list((home / "glioma").iterdir()))
    everything = len(scan_folder(home, jaipur.class_map).files)
    shut(home / "glioma")
    shut(next(path for path in sorted((home / "pituitary").iterdir()) if path.suffix == ".jpg"))
    prepared = prepare(home, jaipur.class_map, DataPlan(image_size=32), 42, tmp_path / "cache")
    codes = {finding.code for finding in audit(prepared.evidence).findings}
    assert {"DATA004", "DATA015"} <= codes
    used = sum(map(len, (prepared.split.train, prepared.split.val, prepared.split.test)))
    assert 20 < used < everything - lost


@pytest.fixture
def hospital(tmp_path):
    """A hospital's machine, with what the centre gave it."""
    assert credentials.main(["--out", str(tmp_path / "credentials"), "--hospital", "phantom_jaipur"]) == 0
    return tmp_path / "credentials" / "handout" / "phantom_jaipur"


@pytest.mark.parametrize(
    ("command", "name"),
    [*((join, name) for name in ("hospital.yaml", "phantom_jaipur.key", "ca.crt", ".")), (preflight, "hospital.yaml")],
)
def test_a_hospitals_files(command, name, hospital, shut, capsys, monkeypatch):
    capsys.readouterr()
    shut(hospital / name)
    flags = ["--skip-preflight"] if command is join else ["--image-size=32"]
    monkeypatch.setattr(join, "Connection", lambda *arguments: pytest.fail("it was started"))
    code = command.main(["--config", str(hospital / "hospital.yaml"), *flags])
    said = capsys.readouterr()
    refused(code, said.err, str(hospital))


@pytest.mark.parametrize("name", [".", "server.key", "server.crt", "ca", "ca/ca.crt", "hospitals", "flower"])
def test_the_centres_files(name, hospital, shut, capsys, monkeypatch, tmp_path):
    capsys.readouterr()
    folder = tmp_path / "credentials"
    if name == "flower":
        (folder / name).mkdir(exist_ok=True)
    shut(folder / name)
    monkeypatch.setattr(serve, "SuperLink", lambda *arguments: pytest.fail("it was started"))
    code = serve.main(["--credentials", str(folder)])
    refused(code, capsys.readouterr().err)


@pytest.mark.parametrize("name", [".", "global_model.pth", "model_meta.json", "label_map.json", "status.json"])
def test_a_run_to_promote(name, shut, capsys, tmp_path):
    shut(completed_run(tmp_path) / name)
    code = promote.main(["run-001", "--reason", "better", "--output-dir", str(tmp_path)])
    refused(code, capsys.readouterr().err, "run-001")


@pytest.fixture
def interrupted(simulate, tmp_path):
    """A run that can be gone on with."""
    folder = tmp_path / "artifacts" / "run-001"
    folder.mkdir(parents=True)
    write_json(folder / "status.json", {"run_id": "run-001", "state": "interrupted", "round": 1})
    (folder / "config.yaml").write_text("rounds: 2\n")
    for name in ("checkpoint.pth", "training_history.json", "ledger.jsonl"):
        (folder / name).touch()
    return folder


@pytest.mark.parametrize("name", ["config.yaml", "checkpoint.pth", "status.json", "ledger.jsonl", "."])
def test_a_run_to_resume(name, interrupted, shut, simulate, tmp_path):
    shut(interrupted / name)
    done = simulate("resume=run-001", f"output_dir={tmp_path}", base=False)
    refused(done.code, done.err)


def test_a_place_for_keys(shut, capsys, tmp_path):
    shut(tmp_path)
    code = key.main(["phantom_jaipur", "--out", str(tmp_path / "keys")])
    refused(code, capsys.readouterr().err)
