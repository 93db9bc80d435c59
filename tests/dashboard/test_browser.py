"""Journeys through the dashboard in a real browser: open, live run, compare two runs by address, a phone."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect

from tests.support.browser import NEEDS_CHROMIUM, TIMEOUT_MS, WIDTHS, browsing
from tests.support.run_files import STRANGE, attacked, history, private, write_run, write_version_one
from tests.support.study_files import save, worth_it

pytestmark = [pytest.mark.browser, pytest.mark.slow, NEEDS_CHROMIUM]
DOTS = "path.leaflet-interactive"
ZOOM = "document.querySelector('.hospital-map').map.getZoom()"
DRAWN = "document.querySelector('.js-plotly-plot')?.querySelectorAll('.points path').length"


def test_the_network_opens_with_its_map_and_a_click_chooses(tmp_path: Path) -> None:
    write_run(tmp_path)
    with browsing(tmp_path) as visit:
        answer = visit.page.request.get(visit.address)
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        visit.open()
        visit.page.wait_for_selector(".js-plotly-plot .main-svg")
        dots = visit.page.locator(DOTS)
        dots.first.wait_for()
        assert dots.count() == 3
        assert visit.page.locator("text=420 slices, in 60 groups").count() == 1
        visit.page.locator(".leaflet-control-zoom-out").click()
        visit.page.wait_for_timeout(500)  # the map moves
        scale = visit.page.evaluate(ZOOM)
        dots.nth(1).click()
        visit.page.wait_for_selector("text=355 slices, in 60 groups")
        expect(dots.nth(1)).to_have_attribute("stroke-width", "4")
        assert visit.page.evaluate(ZOOM) == scale, "the visitor's view is lost"
        assert "run=run-001" in visit.page.url


def test_hostile_names_are_text_and_no_script_runs(tmp_path: Path) -> None:
    write_run(tmp_path, hospitals=STRANGE)
    with browsing(tmp_path) as visit:
        asked: list[str] = []
        visit.page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
        visit.open("?run=<script>alert(2)</script>")
        visit.page.locator(DOTS).first.wait_for()
        for link in ("Training", "Compare", "Logs"):
            visit.choose(link)
            visit.settle()
        assert asked == []


def test_a_finished_round_appears_by_itself(tmp_path: Path) -> None:
    folder = write_run(tmp_path, state="running", done=2, rounds=9, updated_at=datetime.now(UTC))
    with browsing(tmp_path) as visit:
        visit.page.goto(f"{visit.address}/training")  # a page that looks every second never settles on a busy machine
        visit.page.wait_for_selector("text=round 2 of 9")
        visit.page.wait_for_function(f"{DRAWN} > 0")
        few = visit.page.evaluate(DRAWN)
        (folder / "training_history.json").write_text(json.dumps(history(3, {"Phantom Jaipur": (26.9, 75.8)})))
        visit.page.wait_for_selector("text=round 3 of 9")
        write_run(tmp_path, done=9)
        visit.page.wait_for_selector("text=round 9 of 9")
        visit.page.wait_for_function(f"{DRAWN} > 3 * {few}")  # the chart is drawn anew, though Plotly saw it before
        visit.page.wait_for_selector("text=Follow live", state="detached")


def test_two_runs_are_compared_by_address(tmp_path: Path) -> None:
    write_run(tmp_path, "run-001", done=4, best=0.85)
    write_run(tmp_path, "run-002", done=6, strategy="fedprox")
    write_version_one(tmp_path / "v1")
    with browsing(tmp_path, FL_COMPARE_DIRS=str(tmp_path / "v1")) as visit:
        visit.open("compare?runs=run-002,v1:run-001&baseline=v1:run-001&measure=loss&round=2")
        legend = visit.page.locator(".js-plotly-plot .legendtext")
        expect(legend).to_have_text(["FedProx", "v1:run-001 (baseline)"], timeout=TIMEOUT_MS)
        visit.page.wait_for_function("location.search.includes('measure=loss')")
        visit.choose("Network")
        visit.page.wait_for_selector('h1:has-text("Hospital network")')
        visit.choose("Compare")
        visit.page.wait_for_function("location.search.includes('run-002')")
        expect(legend).to_have_text(["FedProx", "v1:run-001 (baseline)"], timeout=TIMEOUT_MS)
        visit.page.get_by_label("Compare run-001", exact=True).check()
        visit.page.wait_for_function("new URLSearchParams(location.search).get('runs') == 'run-002,v1:run-001,run-001'")
        visit.page.get_by_role("button", name="Best validation").click()
        visit.page.wait_for_function("location.search.includes('sort=best')")
        expect(visit.page.locator(".runs-table [aria-sort=descending]")).to_contain_text("Best validation")
        visit.settle()
        with visit.page.expect_download() as download:
            visit.page.click("text=Download CSV")
        assert Path(download.value.path()).read_text().startswith("run,name,seed,strategy,synthetic")


def test_back_leads_to_the_page_before_and_a_deep_link_asks_for_nothing_that_is_not_there(tmp_path: Path) -> None:
    write_run(tmp_path, "run-001")
    write_run(tmp_path, "run-002")
    entries = "history.length"
    with browsing(tmp_path) as visit:
        absent: list[str] = []
        visit.page.on("response", lambda answer: absent.append(answer.url) if answer.status >= 400 else None)
        visit.open("training?run=run-001")
        visit.page.wait_for_function("document.title == 'Training · Brain tumour federation'")
        before = visit.page.evaluate(entries)
        visit.choose("Compare")
        visit.page.wait_for_function("location.search.includes('against=round')")
        assert visit.page.evaluate(entries) == before + 1
        visit.page.go_back()
        expect(visit.page.locator("h1")).to_have_text("Training", timeout=TIMEOUT_MS)
        assert "run=run-001" in visit.page.url
        visit.open("network?run=run-001")
        assert visit.page.get_by_text("Page not found").count() == 0
        assert visit.page.url == f"{visit.address}/?run=run-001"
        assert absent == []


def test_nothing_is_lost_at_any_width(tmp_path: Path) -> None:
    write_run(tmp_path, privacy=private("dp_sgd_secagg"), audit=attacked())
    save(tmp_path, worth_it())
    with browsing(tmp_path) as visit:
        for width, path in itertools.product(WIDTHS, ("", "training", "compare", "worth_it", "privacy", "logs")):
            visit.page.set_viewport_size({"width": width, "height": 1000})
            visit.open(path)
            assert visit.too_wide() == [], (width, path)
