from __future__ import annotations

import os
from pathlib import Path

import pytest

from dashboard import settings


def test_the_folder_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FL_OUTPUT_DIR", str(tmp_path))
    assert settings.load().output_dir == tmp_path
    monkeypatch.delenv("FL_OUTPUT_DIR")
    assert settings.load().output_dir == settings.ROOT


def test_further_folders_get_labels_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / "v1", tmp_path / "other" / "v1"]
    monkeypatch.setenv("FL_COMPARE_DIRS", os.pathsep.join(map(str, [*paths, ""])))
    assert settings.load().compare_dirs == {"v1": paths[0], "v1-2": paths[1]}


@pytest.mark.parametrize(
    ("asked", "address", "allowed"),
    [
        ("1", "127.0.0.1", True),
        ("1", "localhost", True),
        ("1", "0.0.0.0", False),
        ("1", None, False),
        ("0", "::1", False),
    ],
)
def test_writing_needs_the_switch_and_loopback(
    monkeypatch: pytest.MonkeyPatch, asked: str, address: str | None, allowed: bool
) -> None:
    monkeypatch.setenv("FL_DASH_ALLOW_WRITE", asked)
    assert settings.write_allowed(settings.load(), address) is allowed
