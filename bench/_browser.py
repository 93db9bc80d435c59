"""A Chromium that is timed without being watched.

Playwright switches on the debugger of every page that it drives, and with it each chart program of several megabytes
is read twice: on two cores that is most of a second that no visitor waits for. Here a tab is told over its DevTools
socket where to go and where to click, and nothing else; the page itself notes when it changed last.
"""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
QUIET = 1.5  # seconds without a change after which a page counts as drawn
DEADLINE = 60.0  # seconds
NOTE_CHANGES = """(() => {
  const seen = {start: 0, heading: 0, chart: 0, changed: 0, busy: 0, before: ''};
  window.__seen = seen;
  const heading = () => document.querySelector('h1')?.textContent ?? '';
  addEventListener('pointerdown', (event) => {
    Object.assign(seen, {start: event.timeStamp, heading: 0, changed: 0, busy: 0, before: heading()});
  }, true);
  new PerformanceObserver((list) => {  // tasks above 50 ms, which may change nothing but a canvas
    for (const task of list.getEntries()) seen.busy = Math.max(seen.busy, task.startTime + task.duration);
  }).observe({type: 'longtask', buffered: true});
  new MutationObserver((changes) => {
    const now = performance.now();
    const shown = ({target}) => target.closest?.('[data-testid=stMain]') && !target.closest('canvas');
    if (changes.some(shown)) seen.changed = now;  // inside a canvas: what a grid adds for screen readers, later
    if (!seen.heading && heading() && heading() !== seen.before) seen.heading = now;
    if (!seen.chart && document.querySelector('.js-plotly-plot .main-svg')) seen.chart = now;
  }).observe(document, {childList: true, subtree: true});
})()"""


@dataclass(frozen=True)
class Drawn:
    """Seconds from the request or the click: to the heading, and to the last change or busy moment of the page."""

    heading: float
    whole: float
    chart: float | None = None
    """To the first chart of a document, None without one; a page that was clicked to begins with those before it."""


class Tab:
    """One tab; `go` and `click` return when the page has been still for `QUIET` seconds."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket, self.numbers = socket, itertools.count(1)
        self._call("Page.enable")
        self._call("Page.addScriptToEvaluateOnNewDocument", source=NOTE_CHANGES)

    def go(self, address: str) -> Drawn:
        """Open an address."""
        self._call("Page.navigate", url=address)
        return self._drawn()

    def click(self, selector: str, text: str) -> Drawn:
        """Click the first element of a selector that holds a text."""
        middle = (
            f"(() => {{ const found = [...document.querySelectorAll({json.dumps(selector)})]"
            f".find((each) => each.textContent.includes({json.dumps(text)})).getBoundingClientRect();"
            " return [found.x + found.width / 2, found.y + found.height / 2]; })()"
        )
        x, y = self._evaluate(middle)
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        return self._drawn()

    def count(self, selector: str) -> int:
        """Count what a selector finds."""
        return int(self._evaluate(f"document.querySelectorAll({json.dumps(selector)}).length"))

    def text(self, selector: str) -> str:
        """Return the text of the first element that a selector finds."""
        return str(self._evaluate(f"document.querySelector({json.dumps(selector)})?.textContent ?? ''"))

    def _drawn(self) -> Drawn:
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            time.sleep(0.3)
            seen = self._evaluate("window.__seen && {...window.__seen, now: performance.now()}")
            if not seen or not seen["heading"]:
                continue
            last = max(seen["changed"], seen["busy"])
            if seen["now"] - last > QUIET * 1000:
                chart = (seen["chart"] - seen["start"]) / 1000 if seen["chart"] else None
                return Drawn((seen["heading"] - seen["start"]) / 1000, (last - seen["start"]) / 1000, chart)
        raise SystemExit(f"The page was not drawn within {DEADLINE:.0f} s.")

    def _evaluate(self, expression: str) -> Any:
        return self._call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def _call(self, method: str, **parameters: Any) -> Any:
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv(timeout=DEADLINE))
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]


class Browser:
    """A running Chromium."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"

    @contextmanager
    def tab(self) -> Iterator[Tab]:
        """Open an empty tab and close it in the end."""
        request = urllib.request.Request(f"{self.address}/json/new?about:blank", method="PUT")
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            found = json.load(answer)
        try:
            with connect(found["webSocketDebuggerUrl"], max_size=None) as socket:
                yield Tab(socket)
        finally:
            urllib.request.urlopen(f"{self.address}/json/close/{found['id']}", timeout=DEADLINE).close()


def chromium() -> str | None:
    """Return the path of Chromium, None if it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def browser(width: int = 1280, height: int = 900) -> Iterator[Browser]:
    """Start a Chromium without a window and with a profile of its own, which keeps what it has loaded."""
    path = chromium()
    if path is None:
        raise SystemExit("Chromium is not installed; on Debian: apt install chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        own = ["--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
        command = [
            path,
            *CHROMIUM_FLAGS,
            *own,
            f"--window-size={width},{height + 87}",
            "about:blank",
        ]  # its own bars: 87
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield Browser(_port(Path(profile) / "DevToolsActivePort", process))
        finally:
            process.terminate()
            process.wait(20)


def _port(written: Path, process: subprocess.Popen[bytes]) -> int:
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end and process.poll() is None:
        if written.is_file() and (lines := written.read_text().split()):
            return int(lines[0])
        time.sleep(0.1)
    raise SystemExit("Chromium did not start.")
