"""Whether every text can be read, in a real browser, which alone knows the colours that are drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.browser import NEEDS_CHROMIUM, browsing
from tests.support.contrast import faint_texts
from tests.support.run_files import write_run

pytestmark = [pytest.mark.browser, pytest.mark.slow, NEEDS_CHROMIUM]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_stands_out_from_what_lies_behind_it(tmp_path: Path, theme: str) -> None:
    write_run(tmp_path)
    with browsing(tmp_path, color_scheme=theme) as visit:
        for path in ("", "training", "compare"):
            visit.open(path)
            visit.page.wait_for_selector(".js-plotly-plot .main-svg")
            assert faint_texts(visit.page) == [], path
