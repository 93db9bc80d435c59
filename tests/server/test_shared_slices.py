"""A simulation in which one hospital holds slices of another, mirrored: found, counted, named by index only."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from common.config.hydra import load_hospital
from common.data.scan import scan_folder
from common.keys import load_shared_key, new_shared_key

SHARING = {"Phantom Hyderabad": "phantom_hyderabad", "Phantom Kolkata": "phantom_kolkata"}


@pytest.fixture
def planted(phantoms, tmp_path):
    """The phantoms, with three of Hyderabad's slices at Kolkata, too."""
    root = tmp_path / "set"
    shutil.copytree(phantoms, root)
    for position, path in enumerate(sorted((root / "dataset-2" / "Meningioma").iterdir())[4:7]):
        copy = root / "dataset-3" / "brain_menin" / f"copy {position}.png"
        copy.parent.mkdir(parents=True, exist_ok=True)
        ImageOps.mirror(Image.open(path).convert("RGB")).save(copy)
    for folder, kind in (("dataset-2", "Meningioma"), ("dataset-3", "brain_menin")):
        files = sorted(path for path in (root / folder / kind).iterdir() if path.suffix != ".txt")[:6]
        rows = [f"{kind}/{path.name},,Secret-MRN-{position}" for position, path in enumerate(files)]
        (root / folder / "manifest.csv").write_text("\n".join(["file,label,patient", *rows, ""]))
    return root


def read(run, name):
    return json.loads((run / f"{name}.json").read_text())


def test_what_two_hospitals_hold_is_said_everywhere(simulate, planted, tmp_path, monkeypatch):
    secrets = []

    def make(path):
        new_shared_key(path)
        secrets.append(load_shared_key(path))

    monkeypatch.setattr("server.simulation.new_shared_key", make)
    done = simulate(f"data.root={planted}", f"output_dir={tmp_path}", "rounds=1")
    assert done.code == 0, done.err
    assert "Slices that another hospital holds too: " in done.out
    run = tmp_path / "artifacts" / "run-001"
    said = {name: own["cross_hospital_duplicates"] for name, own in read(run, "dataset_stats").items()}
    assert all(own["compared"] for own in said.values())
    assert said["Phantom Kolkata"]["with"]["Phantom Hyderabad"]["slices"] == 3
    assert said["Phantom Jaipur"]["slices"] == 0
    assert read(run, "model_meta")["datasets"]["Phantom Jaipur"]["cross_hospital_duplicates"]["slices"] == 0

    lists = {name: read(run / "cross_duplicates", f"{key}.matches")["matches"] for name, key in SHARING.items()}
    assert not (run / "cross_duplicates" / "phantom_jaipur.matches.json").exists()
    parts = read(run, "dataset_splits")["hospitals"]
    leaks = {
        (name, match["index"])
        for name, matches in lists.items()
        for match in matches
        if match["index"] in parts[name]["test_idx"] and match["their_index"] in parts[match["hospital"]]["train_idx"]
    }
    assert read(run, "model_meta")["split"]["test_slices_trained_elsewhere"] == len(leaks)
    kolkata = load_hospital("phantom_kolkata")
    files = scan_folder(planted / kolkata.path, kolkata.class_map).files
    named = {Path(files[match["index"]].relative_path).name for match in lists["Phantom Kolkata"]}
    assert named >= {f"copy {position}.png" for position in range(3)}

    assert said["Phantom Kolkata"]["with"]["Phantom Hyderabad"]["patients"] == 3
    assert said["Phantom Jaipur"]["patients"] == 0
    assert "Patients whose id another hospital knows too: " in done.out
    patients = {name: own["patients"] for name, own in read(run, "dataset_stats").items()}
    assert all(own["source"] == "guessed" and own["train"] > own["test"] > 0 for own in patients.values())
    assert patients == {name: own["patients"] for name, own in parts.items()}

    written = b"".join(path.read_bytes() for path in run.rglob("*.json"))
    assert b"copy 0.png" not in written
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and planted not in path.parents)
    assert b"secret-mrn-" not in kept.lower(), "an id stays where the hospital wrote it"
    assert secrets[0].hex().encode() not in written

    monkeypatch.setattr("common.overlap.fingerprints._tokens", lambda thumbs, key: pytest.fail("made a second time"))
    assert simulate(f"data.root={planted}", f"output_dir={tmp_path}", "rounds=1").code == 0
    again = {
        name: read(tmp_path / "artifacts" / "run-002" / "cross_duplicates", f"{key}.matches")["matches"]
        for name, key in SHARING.items()
    }
    assert again == lists
    assert len(secrets) == 1


def test_without_the_check_no_key_is_made_and_nothing_claimed(simulate, planted, tmp_path, monkeypatch):
    monkeypatch.setattr("server.simulation.new_shared_key", lambda path: pytest.fail("a key was made"))
    done = simulate(f"data.root={planted}", f"output_dir={tmp_path}", "rounds=1", "data.cross_hospital_check=false")
    assert done.code == 0, done.err
    assert "two hospitals" not in done.out
    run = tmp_path / "artifacts" / "run-001"
    assert "cross_hospital_duplicates" not in read(run, "dataset_stats")["Phantom Jaipur"]
    assert read(run, "model_meta")["split"]["test_slices_trained_elsewhere"] is None
