"""``python -m tests.pictures --out DIR``: every page whole, light and dark, on a laptop and on a phone.

Draws three synthetic hospitals and trains the demo on them (minutes), or shows a folder that is there already
(``--output-dir``). Predict is asked about a drawn slice. Needs Chromium.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from dashboard.components.shell import SECTIONS
from tests.support.browser import Visit, browsing

PAGES = tuple(name for entries in SECTIONS.values() for name, _, _ in entries)
THEMES = ("light", "dark")
WIDTHS = (1440, 390)
FIRST_HEIGHT = 1000
HIGHEST = 12_000  # pixels that Chromium still takes in one piece
HEIGHT = "document.querySelector('[data-testid=stMain]').scrollHeight"
DRAWN = """() => document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'
    && [...document.querySelectorAll('[data-testid=stPlotlyChart]')].every((chart) => chart.querySelector('.main-svg'))
    && !document.querySelector('[data-testid=stSkeleton], [data-testid=stSpinner], [data-stale=true]')"""
CALM_MS = 400  # a map and a chart still move when they are there


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the pictures")
    parser.add_argument("--output-dir", type=Path, help="folder of runs to show; without it the demo is trained")
    parser.add_argument("--pages", nargs="+", choices=PAGES, default=PAGES, metavar="PAGE", help=", ".join(PAGES))
    parser.add_argument("--themes", nargs="+", choices=THEMES, default=THEMES)
    parser.add_argument("--widths", nargs="+", type=int, default=WIDTHS, help="pixels")
    parser.add_argument("--query", default="", help="of the address, such as run=run-001")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shown = given.output_dir or demo(Path(folder))
        for theme in given.themes:
            with browsing(shown, color_scheme=theme) as visit:
                for name, width in itertools.product(given.pages, given.widths):
                    print(take(visit, name, width, given.out / f"{name}_{theme}_{width}.png", given.query), flush=True)


def demo(folder: Path) -> Path:
    """Train the demo on drawn hospitals; return its folder of runs."""
    phantoms, found = folder / "phantoms", folder / "out"
    run = [sys.executable, "-m"]
    subprocess.run([*run, "common.phantoms", "--out", str(phantoms)], check=True)
    settings = ["experiment=demo", f"data.root={phantoms}", f"output_dir={found}", f"data.cache_dir={folder / 'cache'}"]
    subprocess.run([*run, "server.simulate", *settings], check=True)
    return found


def take(visit: Visit, name: str, width: int, path: Path, query: str = "") -> Path:
    """Save a picture of a page in its full height."""
    visit.page.set_viewport_size({"width": width, "height": FIRST_HEIGHT})
    visit.open(f"{name}?{query}" if query else name)
    _calm(visit)
    if name == "predict" and visit.page.locator('input[type="file"]').count():
        _ask(visit)
        _calm(visit)
    for _ in range(2):  # a page that has more room may take more
        height = min(max(visit.page.evaluate(HEIGHT), FIRST_HEIGHT), HIGHEST)
        visit.page.set_viewport_size({"width": width, "height": height})
        _calm(visit)
    path.parent.mkdir(parents=True, exist_ok=True)
    visit.page.screenshot(path=path)
    return path


def _ask(visit: Visit) -> None:
    """Hand Predict a drawn slice and wait for its answer, or for what it says instead."""
    file = {"name": "slice.png", "mimeType": "image/png", "buffer": drawn_slice()}
    visit.page.set_input_files('input[type="file"]', files=[file])
    visit.page.wait_for_selector('[data-testid="stImage"] img, [data-testid="stAlertContentError"]')


def drawn_slice() -> bytes:
    """Return a slice of a synthetic hospital as PNG."""
    from common.phantoms.hospitals import HOSPITALS, draw_slice, plan_slices

    hospital = HOSPITALS[0]
    buffer = BytesIO()
    draw_slice(hospital, next(iter(plan_slices(hospital, 8, 5))), 256, 5).save(buffer, "PNG")
    return buffer.getvalue()


def _calm(visit: Visit) -> None:
    visit.settle()
    visit.page.wait_for_function(DRAWN)
    visit.page.wait_for_timeout(CALM_MS)


if __name__ == "__main__":
    main()
