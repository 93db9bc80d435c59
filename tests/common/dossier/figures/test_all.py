"""Figures: valid XML, readable, without colour as the only cue, and their CSV is what the counts give."""

import csv
import io
import json
import shutil
from xml.etree import ElementTree

import numpy as np
import pytest
from sklearn.metrics import auc, precision_score, recall_score

from common.dossier.evidence import read_evidence
from common.dossier.figures.all import all_figures
from common.dossier.figures.figure import Figure, csv_file
from common.labels import CLASSES
from tests.support.dossiers import edit, with_subgroups
from tests.support.run_files import STRANGE, write_run

SVG = "{http://www.w3.org/2000/svg}"


def table(figure):
    return list(csv.DictReader(io.StringIO(csv_file(figure, synthetic=True).decode())))


@pytest.fixture(scope="module")
def everything(output, tmp_path_factory):
    """Figures of a run that recorded scores, patients and an evaluation elsewhere."""
    root = tmp_path_factory.mktemp("everything")
    shutil.copytree(output / "artifacts", root / "artifacts")
    path = root / "artifacts/run-001/model_meta.json"
    edit(path, with_subgroups)
    (root / "artifacts/evaluation-001").mkdir()
    body = {"of": "run-001", "hospitals": ["Far"], "metrics": json.loads(path.read_text())["metrics"]}
    (root / "artifacts/evaluation-001/evaluation_meta.json").write_text(json.dumps(body))
    return {figure.name: figure for figure in all_figures(read_evidence(root, "run-001"))}


def test_every_figure_is_there_where_everything_is_recorded(everything):
    expected = {"flow", "holdings", "rounds", "loss", "rounds_hospitals", "confusion", "classes", "hospitals"}
    assert everything.keys() == expected | {
        "hospital_classes",
        "calibration",
        "patients",
        "roc",
        "auroc",
        "decision_curves",
        "subgroups",
        "evaluations",
    }


def test_each_drawing_is_valid_xml_with_title_caption_and_readable_text(everything):
    for name, figure in everything.items():
        root = ElementTree.fromstring(figure.svg)
        assert root.tag == f"{SVG}svg"
        assert root.findtext(f"{SVG}title").startswith("SYNTHETIC: "), name
        assert root.findtext(f"{SVG}desc") == figure.caption
        texts = root.findall(f"{SVG}text")
        assert "SYNTHETIC" in [each.text for each in texts]
        assert all(int(each.get("font-size")) >= 12 for each in texts)


def test_nothing_is_drawn_outside_the_paper(everything):
    for name, figure in everything.items():
        root = ElementTree.fromstring(figure.svg)
        width, height = float(root.get("width")), float(root.get("height"))
        for each in root.iter():
            xs = [float(each.get(key)) for key in ("x", "x1", "x2", "cx") if each.get(key)]
            ys = [float(each.get(key)) for key in ("y", "y1", "y2", "cy") if each.get(key)]
            points = [point.split(",") for point in each.get("points", "").split()]
            xs, ys = xs + [float(x) for x, _ in points], ys + [float(y) for _, y in points]
            assert all(-1 <= x <= width + 1 for x in xs), (name, each.tag)
            assert all(-1 <= y <= height + 1 for y in ys), (name, each.tag)


def test_lines_differ_in_dash_and_symbol_and_not_in_colour_alone(everything):
    root = ElementTree.fromstring(everything["decision_curves"].svg)
    paths = root.findall(f"{SVG}polyline")
    assert len({path.get("stroke") for path in paths}) == len(CLASSES)
    assert len({path.get("stroke-dasharray") for path in paths}) == len(CLASSES)


def test_recall_and_precision_are_those_of_scikit_learn(everything):
    counts = np.array([[int(row[label]) for label in CLASSES] for row in table(everything["confusion"])])
    true, predicted = (np.repeat(axis.ravel(), counts.ravel()) for axis in np.indices(counts.shape))
    given = {"labels": range(4), "average": None, "zero_division": np.nan}
    expected = {
        "recall": recall_score(true, predicted, **given),
        "precision": precision_score(true, predicted, **given),
    }
    for row in table(everything["classes"]):
        value = expected[row["figure"]][CLASSES.index(row["class"])]
        assert (row["value"] == "") if np.isnan(value) else float(row["value"]) == pytest.approx(value, abs=1e-12)


def test_the_area_under_the_roc_points_is_the_recorded_auroc(everything, output):
    meta = json.loads((output / "artifacts/run-001/model_meta.json").read_text())
    for label in CLASSES:
        points = [row for row in table(everything["roc"]) if row["class"] == label]
        xs, ys = ([float(row[key]) for row in points] for key in ("false_positive_rate", "sensitivity"))
        assert auc(xs, ys) == pytest.approx(meta["metrics"]["figures"]["per_class"][label]["auroc"], abs=1e-12)


def test_rounds_keep_every_digit(everything, output):
    history = json.loads((output / "artifacts/run-001/training_history.json").read_text())
    for row, recorded in zip(table(everything["rounds"]), history, strict=True):
        assert float(row["val_accuracy"]) == recorded["val_accuracy"]
        assert float(row["train_loss"]) == recorded["train_loss"]


def test_a_spreadsheet_takes_no_name_for_a_formula():
    figure = Figure("x", "x", "x", ("hospital", "value"), [["=HYPERLINK(1)", -0.5], ["a\nb, c", None]], b"")
    rows = table(figure)
    assert [row["hospital"] for row in rows] == ["'=HYPERLINK(1)", "a b, c"]
    assert [row["value"] for row in rows] == ["-0.5", ""]


def test_any_hospitals_name_is_drawn_as_text(tmp_path):
    write_run(tmp_path, hospitals={**STRANGE, "\x01\x1b[31m red": (0.0, 0.0)})
    for figure in all_figures(read_evidence(tmp_path, "run-001")):
        root = ElementTree.fromstring(figure.svg)
        assert {each.tag.removeprefix(SVG) for each in root} <= {
            "title",
            "desc",
            "rect",
            "line",
            "polyline",
            "polygon",
            "circle",
            "text",
        }


def test_a_run_of_no_round_has_no_figure_of_rounds(tmp_path):
    write_run(tmp_path, state="failed", done=0, rounds=3, reason="x")
    assert {figure.name for figure in all_figures(read_evidence(tmp_path, "run-001"))} == {"flow", "holdings"}
