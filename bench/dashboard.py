"""How quick the dashboard is with many runs: ``python -m bench.dashboard [--runs 200] [--rounds 20]``.

Starts the real server on made-up artifacts and drives a real Chromium. Prints, in seconds: the first page of a warm
server (from the request to its heading and to its charts), and each page switch inside a visit (from the click to the
heading, and to the page's end), the first to a page and the next one, when the browser has its programs. The same of
two bare Streamlit pages with one Plotly chart each, in turns with it, say what this machine takes for Streamlit and
Plotly alone. The last line is the slowest page switch over the half second that it may take. Needs Chromium and the
extras dashboard and test.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
SETTLED = "document.querySelectorAll('[data-testid=stSkeleton], [data-stale=true]').length == 0"
GOAL = 0.5  # seconds for a page switch
DASHBOARD, BARE = ROOT / "dashboard" / "app.py", ROOT / "bench" / "_bare_pages.py"
PAGES = {  # the headings of the pages to switch to, by their name in the navigation
    DASHBOARD: {"Training": "Training", "Compare": "Compare runs", "Logs": "Logs", "Network": "Hospital network"},
    BARE: {"Two": "Bare two", "One": "Bare one"},
}


def chromium() -> str | None:
    """Return the path of Chromium, None if it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def served(output_dir: Path, script: Path = DASHBOARD, **environment: str) -> Iterator[str]:
    """Serve the dashboard on a folder of artifacts; yields its address.

    Parameters
    ----------
    output_dir : Path
        Parent of ``artifacts/``.
    script : Path
        What Streamlit runs.
    **environment : str
        Further environment variables of the server.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {**os.environ, "FL_OUTPUT_DIR": str(output_dir), "STREAMLIT_SERVER_PORT": str(port), **environment}
    quiet = ["--server.headless=true", "--server.address=127.0.0.1", "--browser.gatherUsageStats=false"]
    command = [sys.executable, "-m", "streamlit", "run", str(script), *quiet]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_healthy(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    from tests.dashboard.runs import write_many

    with tempfile.TemporaryDirectory() as folder:
        write_many(Path(folder), options.runs, options.rounds)
        with served(Path(folder)) as address, served(Path(folder), BARE) as bare:
            times = measure({DASHBOARD: address, BARE: bare}, options.repeat)
    print(f"{options.runs} runs of {options.rounds} rounds, medians of {options.repeat}, load {os.getloadavg()[0]:.1f}")
    for script, found in times.items():
        print("the dashboard" if script == DASHBOARD else "two bare Streamlit pages with one Plotly chart each")
        for name, values in found.items():
            print(f"  {name:32s} {statistics.median(values):6.2f} s   (worst {max(values):.2f})")
    charts, floor = (statistics.median(found["first page: charts"]) for found in times.values())
    print(f"first page's charts: {charts / floor:.2f} x the bare page's")
    switches = {name: statistics.median(values) for name, values in times[DASHBOARD].items() if " to " in name}
    slowest = max(switches, key=lambda name: switches[name])
    print(f"ratio={switches[slowest] / GOAL:.2f} (slowest page switch, {slowest}, over {GOAL} s)")


def measure(addresses: dict[Path, str], repeat: int) -> dict[Path, dict[str, list[float]]]:
    """Time first pages and page switches; returns seconds by script and by what was timed."""
    from playwright.sync_api import sync_playwright

    times: dict[Path, dict[str, list[float]]] = {script: {} for script in addresses}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        for address in addresses.values():
            _first_page(context, address)[0].close()  # warms the server and the browser's cache
        for _ in range(repeat):
            for script, address in addresses.items():
                _visit(context, address, PAGES[script], times[script])
        browser.close()
    return times


def _visit(context: Any, address: str, pages: dict[str, str], times: dict[str, list[float]]) -> None:
    page, heading, whole = _first_page(context, address)
    times.setdefault("first page: heading", []).append(heading)
    times.setdefault("first page: charts", []).append(whole)
    for visit in ("first", "next"):
        for title, name in pages.items():
            heading, whole = _switch(page, title, name)
            times.setdefault(f"{visit} to {title}: heading", []).append(heading)
            times.setdefault(f"{visit} to {title}: whole page", []).append(whole)
    page.close()


def _first_page(context: Any, address: str) -> tuple[Any, float, float]:
    page = context.new_page()
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector("h1")
    heading = time.perf_counter() - start
    page.wait_for_selector(".js-plotly-plot .main-svg")
    page.wait_for_function(SETTLED)
    return page, heading, time.perf_counter() - start


def _switch(page: Any, title: str, heading: str) -> tuple[float, float]:
    start = time.perf_counter()
    page.click(f'[data-testid="stSidebarNavLink"]:has-text("{title}")')
    page.wait_for_selector(f'h1:has-text("{heading}")')
    seen = time.perf_counter() - start
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_function(SETTLED)
    return seen, time.perf_counter() - start


def _wait_healthy(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    raise SystemExit("The dashboard's server did not start.")


if __name__ == "__main__":
    main()
