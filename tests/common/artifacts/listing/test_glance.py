from __future__ import annotations

from pathlib import Path

import pytest

from common.artifacts.listing.glance import quick_settings
from common.artifacts.load import load_settings
from tests.support.run_files import write_run


@pytest.mark.parametrize("state", ["completed", "failed"])
def test_settings_at_a_glance_are_the_settings(tmp_path: Path, state: str) -> None:
    folder = write_run(tmp_path, state=state, strategy="fedprox")
    assert quick_settings(folder) == load_settings(folder)[0] != {}


@pytest.mark.parametrize("broken", ["{", "[]", '{"settings": 3}', '{"settings": {}}', "\xff"])
def test_a_damaged_file_leaves_the_other_one(tmp_path: Path, broken: str) -> None:
    folder = write_run(tmp_path)
    (folder / "model_meta.json").write_text(broken)
    assert quick_settings(folder)["seed"] == 42
    (folder / "config.yaml").write_text("{")
    assert quick_settings(folder) == {}
