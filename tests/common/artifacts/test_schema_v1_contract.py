"""Version 1's JSON is the contract: every key that it wrote is written still, with the same type and unit."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from common.labels import CLASSES

VERSION1 = Path(__file__).resolve().parents[4] / "shared" / "v1"

# A type, [schema of every element], {key: schema}, or {EACH: schema of every value}
EACH = "*"
_DATASETS = {
    EACH: {
        "total_samples": int,
        "dataset_id": str,
        "location": [float],
        "specialty": str,
        "class_distribution": {EACH: int},
        "unmatched_folders": [str],
    }
}
_CLASS = {"precision": float, "recall": float, "f1": float, "support": int}
SCHEMAS: dict[str, Any] = {
    "artifacts/run-001/dataset_stats.json": _DATASETS,
    "artifacts/run-001/dataset_splits.json": {
        "train_idx": [int],
        "val_idx": [int],
        "test_idx": [int],
        "split_date": str,
    },
    "artifacts/run-001/training_history.json": [
        {"epoch": int, "train_loss": float, "train_accuracy": float, "val_loss": float, "val_accuracy": float}
    ],
    "models/label_map.json": dict.fromkeys(CLASSES, int),
    "models/model_meta.json": {
        "trained_at": str,
        "num_classes": int,
        "num_epochs": int,
        "best_epoch": int,
        "device": str,
        "datasets": _DATASETS,
        "total_samples": int,
        "train_samples": int,
        "val_samples": int,
        "test_samples": int,
        "metrics": {
            "test_accuracy": float,
            "avg_f1": float,
            "avg_precision": float,
            "avg_recall": float,
            "per_class": dict.fromkeys(CLASSES, _CLASS),
            "confusion_matrix": [[int]],
            "best_val_accuracy": float,
        },
    },
}


def problems(schema: Any, content: Any, where: str) -> list[str]:
    """Return where the content does not hold what the schema asks for; more keys are no problem."""
    if isinstance(schema, type):
        fits = type(content) is schema  # bool is no int here
        return [] if fits else [f"{where} is {content!r}, not {schema.__name__}"]
    if isinstance(schema, list):
        if not isinstance(content, list):
            return [f"{where} is no list"]
        return [p for i, item in enumerate(content) for p in problems(schema[0], item, f"{where}[{i}]")]
    if not isinstance(content, dict):
        return [f"{where} is no object"]
    if EACH in schema:
        return [p for key, value in content.items() for p in problems(schema[EACH], value, f"{where}.{key}")]
    found = [f"{where}.{key} is missing" for key in schema if key not in content]
    for key in schema.keys() & content.keys():
        found += problems(schema[key], content[key], f"{where}.{key}")
    return found


def keys(content: Any, schema: Any, where: str = "") -> set[str]:
    """Return the paths of all keys of a file, with version 1's free names (hospitals, classes) as a star."""
    if isinstance(content, list):
        inner = schema[0] if isinstance(schema, list) else None
        return {key for item in content for key in keys(item, inner, f"{where}[]")}
    if not isinstance(content, dict):
        return set()
    found = set()
    for key, value in content.items():
        name = EACH if isinstance(schema, dict) and EACH in schema else key
        inner = schema.get(name) if isinstance(schema, dict) else None
        found |= {f"{where}.{name}"} | keys(value, inner, f"{where}.{name}")
    return found


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.skipif(not VERSION1.is_dir(), reason="version 1's files are not beside this checkout")
@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_is_that_of_version_1s_files(name):
    content, schema = read(VERSION1 / name), SCHEMAS[name]
    assert problems(schema, content, name) == []
    assert keys(content, schema) == keys(_example(schema), schema), "every key of version 1 is in the schema"


def _example(schema: Any) -> Any:
    """Return a content that has every key of a schema."""
    if isinstance(schema, list):
        return [_example(schema[0])]
    if isinstance(schema, dict):
        return {key: _example(value) for key, value in schema.items()}
    return schema()


def test_a_run_writes_every_key_of_version_1_with_its_type(simulate, tmp_path):
    assert simulate(f"output_dir={tmp_path}", "rounds=2").code == 0
    found = [problem for name in SCHEMAS for problem in problems(SCHEMAS[name], read(tmp_path / name), name)]
    assert found == []

    run = tmp_path / "artifacts" / "run-001"
    history, splits, meta = (read(run / f"{n}.json") for n in ("training_history", "dataset_splits", "model_meta"))
    assert [row["epoch"] for row in history] == [1, 2]
    for row in history:
        assert 0 <= row["train_accuracy"] <= 1, "fractions, not percent"
        assert 0 <= row["val_accuracy"] <= 1, "fractions, not percent"
    for time in (splits["split_date"], meta["trained_at"]):
        datetime.fromisoformat(time)
    assert read(tmp_path / "models" / "label_map.json") == {name: i for i, name in enumerate(CLASSES)}
    assert meta["datasets"] == read(run / "dataset_stats.json")
    for own in meta["datasets"].values():
        assert len(own["location"]) == 2
        assert sum(own["class_distribution"].values()) == own["total_samples"]
    supports = sum(own["support"] for own in meta["metrics"]["per_class"].values())
    assert supports == meta["test_samples"] == sum(map(sum, meta["metrics"]["confusion_matrix"]))
    assert meta["metrics"]["best_val_accuracy"] == history[meta["best_epoch"] - 1]["val_accuracy"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: c.pop("split_date"), "split_date is missing"),
        (lambda c: c.update(train_idx=[1.5]), "train_idx[0] is 1.5, not int"),
        (lambda c: c.update(train_idx=[True]), "train_idx[0] is True"),
        (lambda c: c.update(val_idx={}), "val_idx is no list"),
    ],
)
def test_the_check_itself_finds_what_is_wrong(change, says):
    name = "artifacts/run-001/dataset_splits.json"
    content = _example(SCHEMAS[name])
    assert problems(SCHEMAS[name], content, "") == []
    change(content)
    assert says in problems(SCHEMAS[name], content, "")[0]
