"""The page of all settings is the one that the settings make."""

from pathlib import Path

from common.config.bounds import walk
from common.config.listing import sentences, settings_page
from common.config.settings import RunSettings

PAGE = Path(__file__).resolve().parents[3] / "docs" / "settings.md"


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == settings_page(), "python -m common.config.listing > docs/settings.md"


def test_every_setting_says_what_it_does():
    said = sentences(RunSettings())
    assert [name for name, _, _ in walk(RunSettings()) if not said.get(name, "").endswith(".")] == []
