from __future__ import annotations

from pathlib import Path

from common.artifacts.load import load_run
from dashboard.charts import formats
from dashboard.data import results
from dashboard.screens import analytics
from tests.support.run_files import HOSPITALS, meta, write_json, write_run


def test_every_share_has_its_interval_and_its_cases(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    body = meta("run-001", 4, HOSPITALS, "fedavg", 0.9, 1e-3)
    own = body["metrics"]["per_hospital"]["Phantom Kolkata"]
    own["confusion_matrix"] = [[30, 0, 0, 0], [1, 4, 0, 0], [0, 0, 20, 0], [0, 0, 0, 0]]
    write_json(folder / "model_meta.json", body)
    run = load_run(folder)
    overall = results.overall_result(run)
    assert overall is not None
    row = analytics.hospital_table(results.hospital_results(run), overall).set_index("Hospital").loc["Phantom Kolkata"]
    assert row["Glioma"] == "100 % (89–100) of 30"
    assert row["Meningioma"] == "80 % (38–96) of 5*"
    assert row["No tumour"] == "–"
    table = analytics.class_table(results.hospital_results(run)["Phantom Kolkata"]).set_index("Class")
    assert (table["Note"]["Meningioma"], table["Note"]["No tumour"]) == ("fewer than 20", "none here")


def test_without_counts_a_share_stands_alone() -> None:
    assert formats.share_of(formats.Share(0.5, (0.25, 0.75)), None) == "50.0 % (25.0–75.0)"
    assert formats.share_of(formats.Share(), 3) == "–"
