"""Journeys in a real browser: ask the model and take the answer away, put another model in service, read a report."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import pytest

from common.artifacts.service_history import read_changes
from tests.support.browser import NEEDS_CHROMIUM, WIDTHS, Visit, browsing
from tests.support.run_files import STRANGE
from tests.support.uploads import bomb_png, png
from tests.support.weights import write_run_with_weights, write_served_run

# the dashboard is a process of its own, where resnet18 is the real one
pytestmark = [pytest.mark.browser, pytest.mark.slow, NEEDS_CHROMIUM, pytest.mark.usefixtures("resnet18")]
PAGES = ("predict", "analytics", "data", "models")


def upload(visit: Visit, name: str, content: bytes) -> None:
    file = {"name": name, "mimeType": "image/png", "buffer": content}
    visit.page.wait_for_selector('input[type="file"]', state="attached")
    visit.page.set_input_files('input[type="file"]', files=[file])


def test_predict_and_download(tmp_path: Path) -> None:
    write_served_run(tmp_path)
    with browsing(tmp_path) as visit:
        visit.open("predict")
        upload(visit, "Asha_Rao.png", bomb_png())
        visit.page.wait_for_selector("text=over the limit of 64 megapixels")
        assert visit.page.locator(".js-plotly-plot").count() == 0
        upload(visit, "Asha_Rao.png", png(200))
        visit.page.wait_for_selector(".js-plotly-plot .main-svg")
        assert visit.page.locator('[data-testid="stImage"] img').count() == 2
        with visit.page.expect_download() as download:
            visit.page.click("text=This slice as PDF")
        assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
        assert "Asha" not in download.value.suggested_filename
        assert visit.page.locator("text=Research use only").count() >= 1


def test_a_reading_desk_by_keyboard(tmp_path: Path) -> None:
    write_served_run(tmp_path)
    files = [
        {"name": f"Asha_Rao_{size}.png", "mimeType": "image/png", "buffer": png(size)} for size in (90, 120, 150, 180)
    ]
    files[2]["buffer"] = b"hello"
    with browsing(tmp_path) as visit:
        visit.open("predict")
        visit.page.wait_for_selector('input[type="file"]', state="attached")
        visit.page.set_input_files('input[type="file"]', files=files)
        visit.page.wait_for_selector("text=File 3 of 4")
        visit.page.wait_for_selector("text=3 slices:")
        visit.page.wait_for_selector(".desk-tile >> nth=2")
        visit.settle()
        tiles = visit.page.locator(".desk-tile")
        assert tiles.count() == 3
        assert [tile.get_attribute("tabindex") for tile in tiles.all()] == ["0", "-1", "-1"]
        tiles.nth(0).focus()
        visit.page.keyboard.press("ArrowRight")
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_selector('.desk-tile:nth-child(2)[aria-pressed="true"]')
        number = tiles.nth(1).get_attribute("data-number")
        own = f".st-key-label-{number} label:has-text('Pituitary') input[type=radio]"  # not that of the slice before
        visit.page.locator(own).focus()
        visit.page.keyboard.press("Space")
        visit.page.wait_for_selector("text=You labelled 1 slice")
        with visit.page.expect_download() as download:
            visit.page.click("text=All slices as CSV")
        rows = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))
        assert [row["your_label"] for row in rows if row["slice"] == number] == ["pituitary"]
        assert [row["slice"] for row in rows] == ["1", "2", "3"]
        assert "Asha" not in visit.page.content()


def test_put_a_model_in_service(tmp_path: Path) -> None:
    write_served_run(tmp_path, "run-001")
    write_run_with_weights(tmp_path, "run-002", seed=1)
    with browsing(tmp_path, FL_DASH_ALLOW_WRITE="1") as visit:
        visit.open("models")
        visit.page.click("summary:has-text('Choose a run and say why')")
        visit.page.click('button:has-text("Put run-002 in service")')
        visit.page.wait_for_selector("text=needs a reason")
        field = visit.page.get_by_label("Reason")
        field.fill("better recall of meningioma")
        field.press("Enter")
        visit.page.wait_for_selector("code:has-text('better recall of meningioma')")
        visit.page.click('button:has-text("Put run-002 in service")')
        visit.page.wait_for_selector("text=run-002 is in service.")
        visit.choose("Predict")
        visit.page.wait_for_selector("strong:has-text('run-002')")
    changes, _ = read_changes(tmp_path)
    assert [(change.run_id, change.previous) for change in changes] == [("run-001", None), ("run-002", "run-001")]
    assert changes[-1].reason == "better recall of meningioma"


def test_the_report_of_a_run_with_hostile_names(tmp_path: Path) -> None:
    folder = write_served_run(tmp_path, hospitals=STRANGE)
    (folder / "model_card.md").write_text("# Model card of run-001\n")
    with browsing(tmp_path) as visit:
        asked: list[str] = []
        visit.page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
        for path in PAGES:
            visit.open(path)
        visit.open("analytics?of=<script>alert(3)</script>")
        visit.page.wait_for_selector(".js-plotly-plot .main-svg")
        with visit.page.expect_download() as download:
            visit.page.click("text=Report as PDF")
        assert download.value.suggested_filename == "run-001-report.pdf"
        assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
        with visit.page.expect_download() as download:
            visit.page.click("text=Model card")
        assert download.value.suggested_filename == "run-001-model_card.md"
        assert Path(download.value.path()).read_text() == "# Model card of run-001\n"
        assert asked == []


def test_nothing_is_lost_at_any_width(tmp_path: Path) -> None:
    write_served_run(tmp_path)
    with browsing(tmp_path) as visit:
        for width, path in itertools.product(WIDTHS, PAGES):
            visit.page.set_viewport_size({"width": width, "height": 1000})
            visit.open(path)
            assert visit.too_wide() == [], (width, path)
