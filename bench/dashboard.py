"""How quick the dashboard is with many runs: ``python -m bench.dashboard [--runs 200] [--rounds 20]``.

Starts the real server on made-up artifacts (the last run in service, a study beside them) and a real Chromium that
nobody watches (`bench._browser`). Prints, in seconds: the first page of a warm server, and the switch to each page
inside a visit, the first to it and the next one, when the browser has its programs; each to its heading and to the last
change of the page, charts and map included. The server is warm after one visit of every page, which loads PyTorch for
Predict. The same of two bare Streamlit pages with one Plotly chart each, in turns with it, say what this machine takes
for Streamlit and Plotly alone. The last lines are the first page over the two seconds, and the slowest page switch over
the half second, that they may take. Needs Chromium and the extras dashboard and test.
"""

from __future__ import annotations

import argparse
import os
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

from bench._browser import Browser, Drawn, Tab, browser

ROOT = Path(__file__).resolve().parents[1]
FIRST_PAGE, SWITCH = 2.0, 0.5  # seconds that they may take
DASHBOARD, BARE = ROOT / "dashboard" / "app.py", ROOT / "bench" / "_bare_pages.py"
WHOLE_FIRST, CHART = "first page: whole page", "first page: first chart"
TIMES_BARE = {"first page: heading": 1.3, CHART: 1.5, "next to": 2.0}  # over bare pages
CHARTS = ".js-plotly-plot .main-svg"
COLD_SECONDS = 60.0  # for a server that has drawn nothing yet to draw its first chart
PAGES = {  # the headings of the pages to switch to, by their name in the navigation
    DASHBOARD: {
        "Training": "Training",
        "Compare": "Compare runs",
        "Worth it": "Was joining worth it?",
        "Predict": "Predict",
        "Analytics": "Analytics",
        "Models": "Models",
        "Privacy": "Privacy",
        "Data": "Data",
        "Logs": "Logs",
        "Network": "Hospital network",
    },
    BARE: {"Two": "Bare two", "One": "Bare one"},
}


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

    with tempfile.TemporaryDirectory() as folder:
        write_artifacts(Path(folder), options.runs, options.rounds)
        with served(Path(folder)) as address, served(Path(folder), BARE) as bare:
            times = measure({DASHBOARD: address, BARE: bare}, options.repeat)
    print(f"{options.runs} runs of {options.rounds} rounds, medians of {options.repeat}, load {os.getloadavg()[0]:.1f}")
    for script, found in times.items():
        print("the dashboard" if script == DASHBOARD else "two bare Streamlit pages with one Plotly chart each")
        for name, values in found.items():
            print(f"  {name:32s} {statistics.median(values):6.2f} s   (worst {max(values):.2f})")
    medians = {name: statistics.median(values) for name, values in times[DASHBOARD].items() if "whole" in name}
    print(f"ratio={medians[WHOLE_FIRST] / FIRST_PAGE:.2f} (first page over {FIRST_PAGE} s)")
    for what, asked in TIMES_BARE.items():
        own, other = (_median_of(times[script], what) for script in (DASHBOARD, BARE))
        print(f"ratio={own / other:.2f} ({what}, dashboard over bare page; {asked} is asked for)")
    slowest = max((name for name in medians if name != WHOLE_FIRST), key=lambda name: medians[name])
    print(f"ratio={medians[slowest] / SWITCH:.2f} (slowest page switch, {slowest}, over {SWITCH} s)")


def _median_of(times: dict[str, list[float]], what: str) -> float:
    """Return the median seconds of all that is called so, of a switch of pages to its last change."""
    found = [values for name, values in times.items() if name.startswith(what) and (name == what or "whole" in name)]
    return statistics.median(value for values in found for value in values)


def write_artifacts(output_dir: Path, runs: int, rounds: int) -> None:
    """Write what every page has something to show of: runs, a model in service, a study."""
    from tests.support.run_files import write_many
    from tests.support.study_files import save, worth_it
    from tests.support.weights import write_served_run

    write_many(output_dir, runs - 1, rounds)
    write_served_run(output_dir, f"run-{runs:03d}", done=rounds)
    save(output_dir, worth_it())


def measure(addresses: dict[Path, str], repeat: int) -> dict[Path, dict[str, list[float]]]:
    """Time first pages and page switches; returns seconds by script and by what was timed."""
    times: dict[Path, dict[str, list[float]]] = {script: {} for script in addresses}
    with browser() as chrome:
        for script, address in addresses.items():
            _warm(chrome, address)
            _visit(chrome, address, script, {})  # fills the browser's cache, and loads what each page needs
        for _ in range(repeat):
            for script, address in addresses.items():
                _visit(chrome, address, script, times[script])
    return times


def _warm(chrome: Browser, address: str) -> None:
    """Have the server draw its first page, which may stand still for seconds while Python imports."""
    with chrome.tab() as tab:
        tab.go(address)
        end = time.monotonic() + COLD_SECONDS
        while not tab.count(CHARTS) and time.monotonic() < end:
            time.sleep(0.5)


def _visit(chrome: Browser, address: str, script: Path, times: dict[str, list[float]]) -> None:
    with chrome.tab() as tab:
        drawn = tab.go(address)
        _note(times, "first page", drawn)
        times.setdefault(CHART, []).append(drawn.chart or COLD_SECONDS)
        if not tab.count(CHARTS):
            raise SystemExit("The first page has no chart.")
        if script == DASHBOARD and not tab.count("path.leaflet-interactive"):
            raise SystemExit("The first page has no map.")
        for visit in ("first", "next"):
            for title, heading in PAGES[script].items():
                _note(times, f"{visit} to {title}", _switch(tab, title, heading))


def _switch(tab: Tab, title: str, heading: str) -> Drawn:
    drawn = tab.click('[data-testid="stSidebarNavLink"]', title)
    if tab.text("h1") != heading:
        raise SystemExit(f"The page {title} did not open.")
    return drawn


def _note(times: dict[str, list[float]], name: str, drawn: Drawn) -> None:
    times.setdefault(f"{name}: heading", []).append(drawn.heading)
    times.setdefault(f"{name}: whole page", []).append(drawn.whole)


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
