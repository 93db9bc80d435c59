"""For everybody: texts that stand out, charts as tables and files; a real browser alone knows what is drawn."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.browser import NEEDS_CHROMIUM, browsing
from tests.support.contrast import faint_texts
from tests.support.run_files import attacked, private, write_run

pytestmark = [pytest.mark.browser, pytest.mark.slow, NEEDS_CHROMIUM]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_stands_out_from_what_lies_behind_it(tmp_path: Path, theme: str) -> None:
    write_run(tmp_path, privacy=private(), audit=attacked())
    with browsing(tmp_path, color_scheme=theme) as visit:
        for path in ("", "training", "compare", "privacy"):
            visit.open(path)
            visit.page.wait_for_selector(".js-plotly-plot .main-svg")
            assert faint_texts(visit.page) == [], path


def test_a_chart_is_a_table_one_key_away_and_a_picture_under_its_title(tmp_path: Path) -> None:
    write_run(tmp_path, done=3)
    with browsing(tmp_path) as visit:
        visit.open("training")
        visit.page.wait_for_selector(".js-plotly-plot .main-svg")
        tools = visit.page.locator(".chart-tools").first
        with visit.page.expect_download() as download:
            tools.get_by_text("SVG").click()
        assert download.value.suggested_filename == "accuracy.svg"
        drawn = Path(download.value.path()).read_text()
        assert "<title>Validation accuracy per round</title>" in drawn
        assert ElementTree.fromstring(drawn).tag.endswith("svg")
        with visit.page.expect_download() as download:
            tools.get_by_text("PNG").click()
        assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
        tools.get_by_text("Table").focus()
        visit.page.keyboard.press("Enter")
        table = visit.page.get_by_role("table", name="Validation accuracy per round, as a table")
        table.wait_for()
        assert table.get_by_role("rowheader").all_inner_texts() == ["1", "2", "3"]
        visit.page.keyboard.press("Enter")
        table.wait_for(state="detached")
