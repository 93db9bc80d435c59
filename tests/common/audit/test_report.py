from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from common.audit import checks
from common.audit.report import Finding, audit, find_checks
from common.data.cache import ImageLibrary
from common.data.duplicates import find_near_duplicates
from common.data.evidence import Evidence
from common.data.scan import Scan, SliceFile
from common.labels import CLASSES

PER_CLASS = 20


def evidence(labels: list[int] | None = None, **scan) -> Evidence:
    """A hospital in whose slices there is nothing to find, but for what a test changes."""
    label = [value for value in range(4) for _ in range(PER_CLASS)] if labels is None else labels
    count = len(label)
    files = tuple(SliceFile(f"{CLASSES[k]}/{n:03}.png", k, 1, 1, CLASSES[k]) for n, k in enumerate(label))
    coarse = np.random.default_rng(0).integers(0, 256, (count, 6, 6), dtype=np.uint8)
    thumbs = [np.asarray(Image.fromarray(c).resize((32, 32), Image.Resampling.BILINEAR)) for c in coarse]
    library = ImageLibrary(
        pixels=np.zeros((count, 4, 4, 3), np.uint8),
        thumbs=np.stack(thumbs),
        byte_sha256=[f"b{n}" for n in range(count)],
        pixel_sha256=[f"p{n}" for n in range(count)],
        sizes=np.full((count, 2), 64, np.int32),
        unreadable={},
    )
    return searched(Scan(Path("hospital"), True, files, **scan), library)


def searched(scan: Scan, library: ImageLibrary) -> Evidence:
    readable = np.array([n for n in range(len(library)) if n not in library.unreadable])
    return Evidence(scan, library, find_near_duplicates(library.thumbs[readable]).renumbered(readable))


def with_library(found: Evidence, **changes) -> Evidence:
    return searched(found.scan, replace(found.library, **changes))


def only(found: Evidence) -> Finding:
    (finding,) = audit(found).findings
    return finding


def changed(values: list[str], **changes: str) -> list[str]:
    return [changes.get(f"_{n}", value) for n, value in enumerate(values)]


def with_thumb(found: Evidence, index: int, thumb: np.ndarray) -> Evidence:
    thumbs = found.library.thumbs.copy()
    thumbs[index] = thumb
    return with_library(found, thumbs=thumbs)


def test_nothing_to_find():
    report = audit(evidence())
    assert report.findings == ()
    assert report.total == 80
    assert report.group_count == 80


def test_unmatched_folders():
    finding = only(evidence(unmatched_folders=("a", "b"), unmatched_images=3))
    assert (finding.code, finding.severity, finding.count, finding.files) == ("DATA003", "warning", 2, ("a", "b"))
    assert finding.sentence.startswith("3 images in 2 folders were left out")
    assert only(evidence(unmatched_folders=("a",), unmatched_images=1)).sentence.startswith("1 image in 1 folder was")


def test_unreadable_files():
    found = with_library(evidence(), unreadable={3: "truncated", 50: "truncated", 61: "not an image"})
    finding = audit(found).findings[0]
    assert (finding.code, finding.count) == ("DATA004", 3)
    assert "3 files could not be read" in finding.sentence
    assert "truncated: 2; not an image: 1" in finding.sentence
    assert finding.files == ("glioma/003.png", "pituitary/050.png", "notumor/061.png")
    assert audit(found).total == 77


def test_copies_by_bytes_and_by_pixels():
    found = evidence()
    hashes = changed(found.library.byte_sha256, _1="b0")
    found = with_library(found, byte_sha256=hashes, pixel_sha256=changed(found.library.pixel_sha256, _9="p1"))
    finding = only(found)
    assert (finding.code, finding.severity, finding.count) == ("DATA005", "info", 2)
    assert finding.files == ("glioma/000.png", "glioma/001.png", "glioma/009.png")
    assert audit(found).group_count == 78


def test_look_alikes_count_mirrored_ones():
    found = evidence()
    finding = only(with_thumb(found, 5, found.library.thumbs[2, :, ::-1]))
    assert (finding.code, finding.count) == ("DATA006", 2)
    assert ", 2 of them after mirroring or turning" in finding.sentence
    assert "mirroring" not in only(with_thumb(found, 5, found.library.thumbs[2])).sentence


def test_one_picture_under_two_labels_is_left_out():
    found = evidence()
    found = with_library(found, pixel_sha256=changed(found.library.pixel_sha256, _70="p30"))
    finding = audit(found).findings[0]
    assert (finding.code, finding.severity, finding.count) == ("DATA007", "error", 2)
    assert finding.files == ("meningioma/030.png", "notumor/070.png")
    assert "DATA005" not in {other.code for other in audit(found).findings}
    assert not audit(found).usable[[30, 70]].any()


def test_too_small():
    found = evidence()
    sizes = found.library.sizes.copy()
    sizes[4] = (31, 400)
    finding = audit(with_library(found, sizes=sizes)).findings[0]
    assert (finding.code, finding.count, finding.files) == ("DATA008", 1, ("glioma/004.png",))


def test_missing_classes():
    finding = only(evidence([0] * 20 + [2] * 20))
    assert (finding.code, finding.severity, finding.count) == ("DATA009", "info", 2)
    assert "meningioma and notumor" in finding.sentence


def test_look_alikes_under_two_labels():
    found = evidence()
    findings = audit(with_thumb(found, 30, np.rot90(found.library.thumbs[2]))).findings
    assert [(f.code, f.severity, f.count) for f in findings] == [("DATA010", "warning", 1), ("DATA006", "info", 2)]
    assert findings[0].files == ("glioma/002.png", "meningioma/030.png")


def test_few_slices():
    finding = only(evidence([0] * 19 + [1] * 20 + [2] * 20 + [3] * 5))
    assert (finding.code, finding.count) == ("DATA011", 2)
    assert "glioma (19) and notumor (5)" in finding.sentence


def test_synthetic():
    assert only(evidence(synthetic=True)).code == "DATA012"


def test_other_files():
    assert only(evidence(other_files=1)).sentence.startswith("1 file without the suffix of an image was passed over")


def test_too_few_groups_to_split():
    found = evidence([0] * 20 + [1] * 20 + [2] * 20 + [3] * 20)
    thumbs = found.library.thumbs.copy()
    thumbs[60:] = np.clip(thumbs[60] + np.arange(20)[:, None, None] % 3, 0, 255)
    codes = [finding.code for finding in audit(with_library(found, thumbs=thumbs)).findings]
    assert codes == ["DATA014", "DATA006"]


def test_closed_and_empty_folders():
    codes = [f.code for f in audit(evidence(unreadable_folders=("x",), empty_folders=("glioma/y",))).findings]
    assert codes == ["DATA015", "DATA016"]


def test_order_and_weak_groups_are_said():
    found = evidence()
    groups = replace(found.groups, level=0.99, listing=np.where(np.arange(80) < 20, 0, -1))
    found.__dict__["groups"] = groups
    findings = audit(found).findings
    assert [(finding.code, finding.severity) for finding in findings] == [("DATA018", "warning"), ("DATA017", "info")]
    assert "above 0.99" in findings[0].sentence
    assert "In 1 folder (20 slices)" in findings[1].sentence


def test_worst_comes_first_and_codes_are_documented_once():
    rank = {"error": 0, "warning": 1, "info": 2}
    found = evidence(synthetic=True, other_files=2, unreadable_folders=("x",), empty_folders=("y",))
    order = [(rank[finding.severity], finding.code) for finding in audit(found).findings]
    assert order == sorted(order)
    documented = [check.__globals__["__doc__"].split(":")[0] for check in find_checks()]
    assert sorted(documented) == [f"DATA{number:03}" for number in (*range(3, 19), *range(21, 26), *range(35, 39))]


@pytest.mark.parametrize("check", find_checks(), ids=lambda check: check.__module__.rpartition(".")[2])
def test_every_check_is_silent_on_nothing(check):
    assert check(evidence()) is None


def test_a_new_check_is_one_file(tmp_path, monkeypatch):
    (tmp_path / "always.py").write_text(
        "from common.audit.report import Finding\n\n\n"
        "def check(evidence):\n"
        '    return Finding("DATA999", "info", "Always", "There are files.", len(evidence.scan.files))\n'
    )
    monkeypatch.setattr(checks, "__path__", [*checks.__path__, str(tmp_path)])
    finding = only(evidence())
    assert (finding.code, finding.count) == ("DATA999", 80)


def test_files_do_not_travel():
    finding = Finding("DATA004", "warning", "title", "sentence", 1, ("a.jpg",))
    assert finding.numbers() == {
        "code": "DATA004",
        "severity": "warning",
        "title": "title",
        "sentence": "sentence",
        "count": 1,
    }
