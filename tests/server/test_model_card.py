"""A run over the in-process engine leaves its model card; an installed copy and what Flower packs hold its template."""

from __future__ import annotations

import io
import json
import tomllib
import zipfile
from pathlib import Path

import pytest
from flwr.cli.build import build_fab_from_disk

from common.artifacts.card import TEMPLATE, card_text

ROOT = Path(__file__).resolve().parents[2]
NAME = TEMPLATE.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("strategy", ["fedavg", "local", "pooled"])
def test_a_run_leaves_its_card(simulate, tmp_path, strategy):
    done = simulate(f"output_dir={tmp_path}", f"strategy={strategy}", "rounds=1")
    assert done.code == 0, done.err
    run = tmp_path / "artifacts" / "run-001"
    card, meta = (run / "model_card.md").read_text(), json.loads((run / "model_meta.json").read_text())
    assert card == card_text(meta), "from the meta file alone"
    assert card.startswith("# SYNTHETIC SLICES: Model card of run-001")
    assert ("**POOLED, not a federation" in card) == (strategy == "pooled")
    assert ("- Weights: none. There is no global model" in card) == (strategy == "local")
    assert "python -m server.simulate" in card
    assert str(tmp_path) not in card, "no path of this machine"
    for name, own in meta["metrics"]["per_hospital"].items():
        assert f"| {name} | {own['n_test']} |" in card


def test_flower_packs_the_template():
    with zipfile.ZipFile(io.BytesIO(build_fab_from_disk(ROOT))) as packed:
        assert packed.read(NAME) == TEMPLATE.read_bytes()


def test_an_installed_copy_holds_the_template():
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    packed = {path for package, patterns in data.items() for each in patterns for path in (ROOT / package).glob(each)}
    assert {TEMPLATE, ROOT / "conf/config.yaml", ROOT / "dashboard/static/icon.png"} <= packed
