import io

import numpy as np
from rich.console import Console

from common.audit.report import AuditReport, Finding
from common.audit.terminal import render


def printed(*findings: Finding) -> str:
    counts = {"glioma": 1200, "meningioma": 0, "pituitary": 3, "notumor": 1}
    report = AuditReport("/data/[x]", counts, counts, np.ones(1204, bool), (), False, 900, 850, "guessed", findings)
    split = {"train": {"glioma": 840}, "val": {"glioma": 180}, "test": {"glioma": 180}}
    stream = io.StringIO()
    render(report, split, {"train": 600, "val": 100, "test": 150}, "AIIMS Delhi", Console(file=stream, width=100))
    return stream.getvalue()


def test_counts_split_and_verdict():
    text = printed()
    assert "AIIMS Delhi" in text
    assert "1,204 usable slices in 1,204 files, 900 groups" in text
    assert "/data/[x]" in text
    assert "850 patients (train 600, val 100, test 150), guessed from look-alike" in text
    (row,) = [line for line in text.splitlines() if "glioma" in line and "meningioma" not in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == ["glioma", "1,200", "1,200", "840", "180", "180"]
    assert "0 errors, 0 warnings, 0 notes: ready to train." in text


def test_findings_show_ten_names_and_count_the_rest():
    files = tuple(f"glioma/[{n:02}]\x1b.png" for n in range(13))
    text = printed(Finding("DATA004", "error", "Unreadable", "Copy them again.", 13, files))
    assert "DATA004" in text
    assert "Copy them again." in text
    assert "glioma/[09]\\x1b.png" in text
    assert "[10]" not in text
    assert "and 3 more" in text
    assert "1 error, 0 warnings, 0 notes: the slices" in text
