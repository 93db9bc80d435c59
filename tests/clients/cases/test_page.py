"""The page for a browser."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import msgspec
from PIL import Image

from clients.cases.page import page_of
from tests.support.cases import case, table

GREY = Image.new("RGB", (40, 30), (90, 90, 90))


class Parts(HTMLParser):
    """Collects what a browser would fetch, and what it would show."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.sources += [value for name, value in attributes if name in ("src", "href")]

    def handle_data(self, data):
        self.text += data


def parts(page: str) -> Parts:
    found = Parts()
    found.feed(page)
    return found


def test_everything_is_in_the_page_and_nothing_is_fetched():
    hot = msgspec.structs.replace(case("glioma", "notumor", 0.8), heat=((0.0, 1.0), (0.0, 0.5)))
    page = page_of(table(hot, case("glioma", "glioma", 0.6)), "ab" * 16, 20, lambda case: GREY)
    found = parts(page)
    assert [source.partition(",")[0] for source in found.sources] == ["data:image/jpeg;base64"] * 3
    assert not {"script", "link", "iframe"} & set(found.tags)
    assert not re.search(r"https?://|url\(", page)
    assert "default-src 'none'" in page
    assert "1. glioma, called notumor (80.0 %)" in found.text
    assert "SYNTHETIC" in found.text


def test_a_files_name_is_text_and_a_file_that_is_gone_is_a_sentence():
    strange = case("glioma", "notumor", 0.8, "<img src=x onerror=alert(1)>.png")
    found = parts(page_of(table(strange), "ab" * 16, 20, lambda case: "The file is <gone>."))
    assert "<img src=x onerror=alert(1)>.png" in found.text
    assert "The file is <gone>." in found.text
    assert found.sources == []


def test_a_file_of_several_slices_says_which_one():
    middle = msgspec.structs.replace(case("glioma", "notumor", 0.8, "a.dcm"), frame=11)
    assert "a.dcm (slice 12)" in parts(page_of(table(middle), "ab" * 16, 20, lambda case: GREY)).text


def test_no_more_are_shown_than_asked_for():
    cases = [case("glioma", "notumor", 0.8)] * 30
    assert page_of(table(*cases), "ab" * 16, 7, lambda case: GREY).count("<article") == 7
