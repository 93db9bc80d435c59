"""A pipe, a device, a folder or rubbish where a file should be: one sentence at once, and nobody waits for ever."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clients import join, preflight
from clients.site import read_site
from common import files, keys
from common.artifacts.load import load_run, load_settings
from common.artifacts.service import put_in_service
from common.data.cache import open_library
from common.data.cache_build import decode_file
from common.data.scan import scan_folder
from common.errors import ProjectError
from server import credentials, cross_duplicates, promote, serve
from server.recording.checkpoint import RunProgress
from tests.support.service_runs import completed_run

KINDS = ("pipe", "device", "folder", "empty", "rubbish", "missing", "loop", "huge")


def put(path: Path, kind: str) -> Path:
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "huge":
        path.touch()
        os.truncate(path, 10**13)
    elif kind != "missing":
        path.write_bytes(b"" if kind == "empty" else b"\xff\xfe\x00\x9b{[" * 9)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_every_reader_answers_at_once(tmp_path, kind, capsys):
    path = put(tmp_path / "file", kind)
    for read in (keys.load_private, keys.load_public, keys.load_certificate, keys.load_shared_key, read_site):
        with pytest.raises(ProjectError):
            read(path)
    if kind != "huge":
        with pytest.raises(ProjectError):
            RunProgress.load(path)
    assert next(decode_file(path, 32)).reason if kind != "huge" else True
    for command, arguments in (
        (join, ["--config", str(path)]),
        (preflight, ["--config", str(path)]),
        (cross_duplicates, [str(path), str(path)]),
        (serve, ["--credentials", str(path)]),
        (promote, ["run-001", "--reason", "why", "--output-dir", str(path)]),
        (credentials, ["--public-key", str(path), "--out", str(tmp_path / "out")]),
    ):
        if kind == "huge" and command is cross_duplicates:
            continue
        assert command.main(arguments) == 2, command
        said = capsys.readouterr().err
        assert said.startswith("error ") and said.count("\n") == 1, said  # noqa: PT018


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "loop"])
def test_slices_that_are_none_are_named_and_the_others_used(tmp_path, kind):
    folder = tmp_path / "glioma"
    folder.mkdir()
    Image.fromarray(np.arange(1024, dtype=np.uint8).reshape(32, 32)).save(folder / "good.png")
    put(folder / "bad.png", kind)
    scan = scan_folder(tmp_path, {})
    library = open_library(scan, 32, tmp_path / "cache")
    bad = [index for index, file in enumerate(scan.files) if file.relative_path == "glioma/bad.png"]
    assert set(library.unreadable) == set(bad)
    assert len(library) == 1 + len(bad)


@pytest.mark.parametrize("kind", ["pipe", "device", "rubbish"])
@pytest.mark.parametrize("name", ["pixels.npy", "index.npz"])
def test_a_cache_that_is_none_is_made_again(tmp_path, kind, name):
    (tmp_path / "glioma").mkdir()
    Image.new("L", (40, 40), 7).save(tmp_path / "glioma" / "a.png")
    scan = scan_folder(tmp_path, {})
    open_library(scan, 32, tmp_path / "cache")
    put(next((tmp_path / "cache").glob(f"*/{name}")), kind)
    (tmp_path / "cache" / ".building-0123456789ab-32-killed").mkdir()
    assert len(open_library(scan, 32, tmp_path / "cache")) == 1
    assert not list((tmp_path / "cache").glob(".building-*"))


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "rubbish"])
def test_a_runs_files_are_read_or_left_out(tmp_path, kind):
    folder = tmp_path / "artifacts" / "run-001"
    folder.mkdir(parents=True)
    for name in ("status.json", "training_history.json", "model_meta.json", "dataset_stats.json", "config.yaml"):
        put(folder / name, kind)
    assert load_run(folder).problems
    assert load_settings(folder)[0] == {}


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "1e999"])
def test_a_meta_file_with_a_number_that_is_none_is_not_promoted(tmp_path, bad):
    completed_run(tmp_path, "run-001")
    path = tmp_path / "artifacts" / "run-001" / "model_meta.json"
    content = json.loads(path.read_text()) | {"temperature": "BAD"}
    path.write_text(json.dumps(content).replace('"BAD"', bad))
    with pytest.raises(ProjectError, match="SERVICE003"):
        put_in_service(tmp_path, "run-001", reason="why", by="me")


def test_a_device_is_never_replaced_by_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        files.replace(tmp_path / "pipe", b"x")
