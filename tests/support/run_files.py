"""Artifact folders with made-up numbers (marked synthetic), one for every state that a page can meet."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from common.artifacts.privacy.audit import Canaries, Inversion, Membership, PrivacyAudit
from common.artifacts.privacy.guarantee import HospitalPrivacy, RunPrivacy
from common.artifacts.schema import to_json
from common.artifacts.words import POOLED, no_shared_model
from common.labels import CLASSES, LABEL_MAP

HOSPITALS: dict[str, tuple[float, float]] = {
    "Phantom Hyderabad": (17.385, 78.4867),
    "Phantom Jaipur": (26.9124, 75.7873),
    "Phantom Kolkata": (22.5726, 88.3639),
}
STRANGE: dict[str, tuple[float, float]] = {
    "<script>alert(1)</script>": (26.9124, 75.7873),
    "टाटा मेमोरियल मुंबई": (19.0049, 72.8414),
    "A **bold** [link](http://x) $x$ :red[name]": (22.5726, 88.3639),
}
START = datetime(2026, 11, 23, 6, 15, tzinfo=UTC)
BYTES = 44_800_000


def write_json(path: Path, body: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(body), encoding="utf-8")


def class_counts(position: int) -> dict[str, int]:
    """The first hospital alone has slices without a tumour, as in version 1."""
    counts = {"glioma": 120 + 30 * position, "meningioma": 90 + 15 * position, "pituitary": 100, "notumor": 110}
    if position:
        del counts["notumor"]
    return counts


def stats(hospitals: dict[str, tuple[float, float]]) -> dict[str, Any]:
    found = {}
    for position, (name, location) in enumerate(hospitals.items()):
        counts = class_counts(position)
        part = {label: max(1, n * 15 // 100) for label, n in counts.items()}
        found[name] = {
            "total_samples": sum(counts.values()),
            "dataset_id": f"phantom-{position + 1}",
            "location": list(location),
            "specialty": "Synthetic slices",
            "class_distribution": counts,
            "unmatched_folders": [],
            "key": f"phantom_{position}",
            "files_found": sum(counts.values()) + 2,
            "unusable_files": 2,
            "missing_classes": [label for label in CLASSES if label not in counts],
            "synthetic": True,
            "split_counts": {
                "train": {label: n - 2 * part[label] for label, n in counts.items()},
                "val": part,
                "test": part,
            },
            "group_count": 60,
            "patients": {"train": 40, "val": 10, "test": 10, "source": "guessed"},
            "grouped_split": True,
            "groups_across_splits": 0,
            "audit": [
                {
                    "code": "DATA004",
                    "severity": "warning",
                    "title": "Exact duplicates",
                    "sentence": "2 slices are there twice.",
                    "count": 2,
                }
            ],
        }
    return found


def confusion(accuracy: float, size: int = 20) -> list[list[int]]:
    right = round(size * accuracy)
    rest = size - right
    return [
        [right if row == column else rest if column == (row + 1) % 4 else 0 for column in range(4)] for row in range(4)
    ]


def history(
    rounds: int,
    hospitals: dict[str, tuple[float, float]],
    *,
    best: float = 0.9,
    drop: int | None = None,
    odd: int | None = None,
) -> list[dict[str, Any]]:
    """`drop` is a round that the last hospital did not answer, `odd` one in which the second's update was unusual.

    The best round is the last but one.
    """
    names = list(hospitals)
    found = []
    for number in range(1, rounds + 1):
        level = best - 0.4 * math.exp(-number / 3) - (0.12 if number == rounds and rounds > 1 else 0)
        replied = names[:-1] if number == drop else names
        parts = {
            name: {
                "train_loss": 1.2 - level + 0.01 * i,
                "train_accuracy": level + 0.01,
                "train_samples": 300 + i,
                "train_steps": 10,
                "train_seconds": 20.0 + i,
                "update_norm": 2.0 + (18.0 if i == 1 and number == odd else 0.1 * i),
                "update_kept": 0.1 if i == 1 and number == odd else 1.0,
                "update_distance": 1.5,
                "update_cosine": -0.25 if i == 1 and number == odd else 0.5,
                "val_loss": 1.3 - level + 0.03 * i,
                "val_accuracy": level + 0.02 - 0.02 * i,
                "val_samples": 60 + i,
                "val_seconds": 2.0,
                "val_macro_f1": level - 0.01 * i,
                "val_confusion_matrix": confusion(level),
                "bytes_down": BYTES,
                "bytes_up": BYTES,
            }
            for i, name in enumerate(names)
            if name in replied
        }
        found.append(
            {
                "epoch": number,
                "train_loss": 1.2 - level,
                "train_accuracy": level + 0.01,
                "val_loss": 1.3 - level,
                "val_accuracy": level,
                "val_macro_f1": level - 0.01,
                "val_confusion_matrix": confusion(level),
                "started_at": (START + timedelta(seconds=30 * number)).isoformat(),
                "seconds": 28.0 + number % 3,
                "lr": 1e-3,
                "asked": names,
                "replied": replied,
                "failed": [{"hospital": names[-1], "phase": "train", "reason": "no answer within 60 s"}]
                if number == drop
                else [],
                "bytes_down": BYTES * len(replied),
                "bytes_up": BYTES * len(replied),
                "hospitals": parts,
            }
        )
    return found


def private(
    name: str = "dp_sgd",
    epsilon: float = 8.0,
    *,
    hospitals: dict[str, tuple[float, float]] = HOSPITALS,
    rounds: int = 4,
    stopped: int | None = None,
    unit: Any = "patient",
) -> RunPrivacy:
    """A run with differential privacy; the last hospital stopped after round `stopped`."""
    names = list(hospitals)
    own = {
        each: HospitalPrivacy(
            unit=unit,
            units=40 + i,
            rate=round(12 / (40 + i), 6),
            noise_multiplier=1.25,
            epsilon=epsilon - 0.1 - 0.5 * i,
            epsilon_one_colluding=(epsilon - 0.1 - 0.5 * i) * (1.27 if "secagg" in name else 1.0),
            epsilon_all_but_one=(epsilon - 0.1 - 0.5 * i) * (1.99 if "secagg" in name else 1.0),
            stopped_after_round=stopped if each == names[-1] else None,
        )
        for i, each in enumerate(names)
    }
    return RunPrivacy(name, epsilon, 1e-5, 1.0, 12, 20, rounds, "everything", 1, own)


def attacked(run: str = "run-001", bound: float = 1.42, claimed: float | None = 7.9) -> PrivacyAudit:
    """What attacks on a run found."""
    return PrivacyAudit(
        run=run,
        settings={"seed": 7},
        claimed_epsilon=claimed,
        delta=1e-5 if claimed else None,
        canaries=Canaries(120, 60, 44, bound, 0.95, "gradient", 12.0),
        membership=Membership("RMIA", 4, 0.534, (0.492, 0.575), 0.021, 240, 160, 60, 40, 0.55, (0.4, 0.7)),
        inversion=(Inversion(1, 9.81, 0.07, 4, 9.5, 0.06), Inversion(8, 8.02, 0.03, 4, 9.5, 0.06)),
        finished=START.isoformat(),
    )


def spend(rows: list[dict[str, Any]], privacy: RunPrivacy) -> None:
    """Enter what each hospital had spent after each round; loss and accuracy of training are not reported then."""
    for row in rows:
        row["train_loss"] = row["train_accuracy"] = None
        over = [name for name, own in privacy.per_hospital.items() if row["epoch"] > (own.stopped_after_round or 10**6)]
        row |= {"stopped": over, "asked": [name for name in row["asked"] if name not in over]}
        row["replied"] = [name for name in row["replied"] if name not in over]
        for name, part in row["hospitals"].items():
            del part["train_loss"], part["train_accuracy"]
            own = privacy.per_hospital[name]
            if name in over:
                continue
            last = own.stopped_after_round or privacy.rounds or len(rows)
            part["epsilon"] = (own.epsilon or 0.0) * math.sqrt(min(row["epoch"], last) / last)


def settings(rounds: int, strategy: str, lr: float, seed: int = 42) -> dict[str, Any]:
    return {
        "rounds": rounds,
        "seed": seed,
        "output_dir": ".",
        "resume": None,
        "hospitals": ["phantom_jaipur", "phantom_hyderabad", "phantom_kolkata"],
        "data": {"root": "dataset/phantoms", "image_size": 64, "max_per_class": None, "group_split": True},
        "train": {"lr": lr, "batch_size": 16, "augment": {"flip": True}},
        "strategy": {"name": strategy, "min_hospitals": None},
        "compute": {"engine": "ray", "device": "cpu"},
    }


def metrics(hospitals: dict[str, tuple[float, float]], best: float) -> dict[str, Any]:
    def per_class(level: float) -> dict[str, Any]:
        return {name: {"precision": level, "recall": level, "f1": level, "support": 20} for name in CLASSES}

    return {
        "test_accuracy": best - 0.01,
        "avg_f1": best - 0.02,
        "avg_precision": best - 0.015,
        "avg_recall": best - 0.02,
        "per_class": per_class(best - 0.02),
        "confusion_matrix": confusion(best),
        "best_val_accuracy": best,
        "test_loss": 0.4,
        "intervals": {
            "test_accuracy": [best - 0.04, best + 0.02],
            "per_class_recall": {name: [best - 0.08, best + 0.05] for name in CLASSES},
        },
        "macro_classes": list(CLASSES),
        "per_hospital": {
            name: {
                "test_accuracy": best - 0.02 * i,
                "interval": [best - 0.02 * i - 0.06, min(1.0, best - 0.02 * i + 0.05)],
                "n_test": 64 - i,
                "macro_f1": best - 0.03 * i,
                "confusion_matrix": confusion(best - 0.02 * i),
                "per_class": per_class(best - 0.02 * i),
                "test_loss": 0.4,
            }
            for i, name in enumerate(hospitals)
        },
        "calibration": {
            "bins": [
                {"lower": 0.8, "upper": 0.9, "count": 40, "confidence_sum": 34.0, "correct": 33},
                {"lower": 0.9, "upper": 1.0, "count": 40, "confidence_sum": 38.0, "correct": 37},
            ],
            "ece": 0.025,
            "calibrated_bins": [
                {"lower": 0.8, "upper": 0.9, "count": 80, "confidence_sum": 69.2, "correct": 70},
            ],
            "calibrated_ece": 0.01,
        },
        "fairness": {
            "worst_hospital": list(hospitals)[-1],
            "worst_accuracy": best - 0.02 * (len(hospitals) - 1),
            "worst_samples": 65 - len(hospitals),
            "worst_interval": [best - 0.2, best],
            "best_hospital": next(iter(hospitals)),
            "best_accuracy": best,
            "gap": 0.02 * (len(hospitals) - 1),
            "standard_deviation": 0.0163,
        },
    }


def meta(
    run_id: str,
    rounds: int,
    hospitals: dict[str, tuple[float, float]],
    strategy: str,
    best: float,
    lr: float,
    seed: int = 42,
) -> dict[str, Any]:
    total = sum(entry["total_samples"] for entry in stats(hospitals).values())
    return {
        "trained_at": START.isoformat(),
        "num_classes": 4,
        "num_epochs": rounds,
        "best_epoch": max(1, rounds - 1),
        "device": "cpu",
        "datasets": stats(hospitals),
        "total_samples": total,
        "train_samples": total * 7 // 10,
        "val_samples": total * 15 // 100,
        "test_samples": total * 15 // 100,
        "metrics": metrics(hospitals, best),
        "temperature": 1.5,
        "warnings": [],
        "run_id": run_id,
        "strategy": strategy,
        "seed": seed,
        "image_size": 64,
        "classes": list(CLASSES),
        "sha256": "0" * 64,
        "synthetic": True,
        "missing_hospitals": [],
        "split": {"grouped": True, "groups_across_splits": 0},
        "versions": {"project": "2.0.0", "flwr": "1.41.0", "torch": "2.15.0", "python": "3.11.9"},
        "settings": settings(rounds, strategy, lr, seed),
    }


def write_run(
    output_dir: Path,
    run_id: str = "run-001",
    *,
    state: str = "completed",
    done: int = 4,
    rounds: int | None = None,
    hospitals: dict[str, tuple[float, float]] = HOSPITALS,
    strategy: str = "fedavg",
    best: float = 0.9,
    lr: float = 1e-3,
    seed: int = 42,
    drop: int | None = None,
    odd: int | None = None,
    reason: str | None = None,
    pooled: bool = False,
    keeps: str = "nothing",
    updated_at: datetime | None = None,
    privacy: RunPrivacy | None = None,
    audit: PrivacyAudit | None = None,
) -> Path:
    """Write one run's folder and return it; `done` rounds of `rounds` are complete."""
    folder = output_dir / "artifacts" / run_id
    total = rounds or done
    log = f"logs/20261123_0615{int(run_id[4:]) % 60:02d}/training.log"
    missing = [list(hospitals)[-1]] if drop else []
    status = {
        "run_id": run_id,
        "state": state,
        "started_at": START.isoformat(),
        "updated_at": (updated_at or START + timedelta(seconds=30 * done)).isoformat(),
        "ended_at": None if state == "running" else (START + timedelta(seconds=30 * done)).isoformat(),
        "round": done,
        "rounds": total,
        "phase": "done" if state == "completed" else "train",
        "strategy": strategy,
        "engine": "ray",
        "hospitals": list(hospitals),
        "synthetic": True,
        "pooled": pooled,
        "notice": POOLED if pooled else None,
        "reason": reason,
        "log": log,
        "resume_command": None if state in ("completed", "running") else f"python -m server.simulate resume={run_id}",
        "missing_hospitals": missing,
        "versions": {"project": "2.0.0", "flwr": "1.41.0", "torch": "2.15.0", "python": "3.11.9"},
    }
    write_json(folder / "status.json", status)
    write_json(folder / "dataset_stats.json", stats(hospitals))
    rows = history(done, hospitals, best=best, drop=drop, odd=odd)
    chosen = settings(total, strategy, lr, seed)
    if privacy:
        chosen["privacy"] = {key: value for key, value in to_json(privacy).items() if key != "per_hospital"}
    if privacy and privacy.is_private:
        spend(rows, privacy)
    write_json(folder / "training_history.json", rows)
    write_json(folder / "label_map.json", LABEL_MAP)
    write_json(folder / "config.yaml", chosen)  # JSON is YAML
    if audit:
        write_json(folder / "privacy_audit.json", to_json(audit))
    if state == "completed":
        kind = {"pooled": pooled, "notice": status["notice"], "no_shared_model": no_shared_model(keeps)}
        kind |= {"privacy": to_json(privacy), "settings": chosen} if privacy else {}
        write_json(folder / "model_meta.json", meta(run_id, done, hospitals, strategy, best, lr, seed) | kind)
    lines = [f"{START.isoformat()} INFO server | {run_id} started, {total} rounds, SYNTHETIC data"]
    lines += [f"{START.isoformat()} INFO server | round {number} of {total} done" for number in range(1, done + 1)]
    lines += [f"{START.isoformat()} WARNING {name} | 2 slices are there twice" for name in hospitals]
    if state == "failed":
        lines.append(f"{START.isoformat()} ERROR server | {reason}")
    (output_dir / log).parent.mkdir(parents=True, exist_ok=True)
    (output_dir / log).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def write_version_one(output_dir: Path, run_id: str = "run-001") -> Path:
    """Write what version 1 left: no state, no per-hospital figures, the test figures only under ``models/``."""
    folder = output_dir / "artifacts" / run_id
    old = ("total_samples", "dataset_id", "location", "specialty", "class_distribution", "unmatched_folders")
    old_stats = {name: {key: body[key] for key in old} for name, body in stats(HOSPITALS).items()}
    keys = ("epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy")
    rows = [{key: row[key] for key in keys} for row in history(3, HOSPITALS)]
    write_json(folder / "dataset_stats.json", old_stats)
    write_json(folder / "training_history.json", rows)
    full = metrics(HOSPITALS, max(row["val_accuracy"] for row in rows))
    old_metrics = ("test_accuracy", "avg_f1", "avg_precision", "avg_recall", "per_class", "confusion_matrix")
    write_json(
        output_dir / "models" / "model_meta.json",
        {
            "trained_at": "2026-02-19T17:29:16.479231",
            "num_classes": 4,
            "num_epochs": 3,
            "best_epoch": 2,
            "device": "cpu",
            "datasets": old_stats,
            "metrics": {**{key: full[key] for key in old_metrics}, "best_val_accuracy": full["best_val_accuracy"]},
        },
    )
    return folder


def write_many(output_dir: Path, number: int = 200, rounds: int = 10) -> None:
    """Write many runs, of different strategies and rates."""
    for i in range(1, number + 1):
        write_run(
            output_dir,
            f"run-{i:03d}",
            done=rounds,
            strategy=("fedavg", "fedprox", "fedadam")[i % 3],
            best=0.8 + 0.1 * (i % 7) / 7,
            lr=(1e-4, 3e-4, 1e-3)[i % 3],
        )
