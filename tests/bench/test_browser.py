from __future__ import annotations

from pathlib import Path

from bench._browser import browser
from tests.support.browser import NEEDS_CHROMIUM

PAGE = """<h1>One</h1><button>more</button><div data-testid=stMain><canvas></canvas></div><script>
const main = document.querySelector('div');
const later = (where, ms) => setTimeout(() => {
  const added = document.createElement('p');
  added.textContent = performance.now() / 1000;
  where.append(added);
}, ms);
later(main, 400);
later(main.firstChild, 900);
document.querySelector('button').onclick = () => {
  const until = performance.now() + 300;
  while (performance.now() < until);
  document.querySelector('h1').textContent = 'Two';
};</script>"""


@NEEDS_CHROMIUM
def test_the_last_change_and_the_last_busy_moment_end_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(PAGE)
    with browser() as chrome, chrome.tab() as tab:
        opened = tab.go(page.as_uri())
        on_the_page, for_screen_readers = float(tab.text("div > p")), float(tab.text("canvas > p"))
        assert opened.heading <= on_the_page <= opened.whole < for_screen_readers
        clicked = tab.click("button", "more")
        assert clicked.whole >= 0.3
        assert tab.text("h1") == "Two"
