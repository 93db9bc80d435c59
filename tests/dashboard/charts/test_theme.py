from __future__ import annotations

from common.labels import CLASSES
from dashboard.charts.label_width import label_pixels
from dashboard.charts.theme import (
    CLASS_PATTERNS,
    DARK,
    LIGHT,
    base_figure,
    class_title,
    markdown,
    marks,
    palette,
    plain,
)


def test_six_series_differ_in_colour_symbol_and_dash() -> None:
    style = list(marks([f"run-{i}" for i in range(6)], LIGHT).values())
    for cue in ("colour", "symbol", "dash"):
        assert len({getattr(mark, cue) for mark in style}) == 6


def test_thirty_series_differ_in_colour_and_symbol_together() -> None:
    style = marks([str(i) for i in range(30)], DARK).values()
    assert len({(mark.colour, mark.symbol, mark.dash) for mark in style}) == 30


def test_every_class_has_a_name_a_colour_and_a_pattern() -> None:
    assert [class_title(name) for name in CLASSES] == ["Glioma", "Meningioma", "Pituitary", "No tumour"]
    for colours in (LIGHT, DARK):
        assert len(set(colours.classes)) == len(CLASSES) == len(set(CLASS_PATTERNS))


def test_anything_but_dark_is_light() -> None:
    assert palette("dark") is DARK
    assert palette("light") is palette(None) is LIGHT


def test_names_are_shown_as_they_are() -> None:
    assert plain("<script>") == "&lt;script&gt;"
    assert markdown("a*b [c](d) :red[x] $y$ <i>") == r"a\*b \[c\]\(d\) \:red\[x\] \$y\$ \<i\>"
    assert markdown("line\nbreak") == "line break"
    assert markdown("टाटा") == "टाटा"


def test_a_charts_margins_are_fixed_and_hold_its_longest_name() -> None:
    figure = base_figure("Share (%)", "", LIGHT, names=["short", "Tata Memorial Mumbai"])
    assert figure.layout.margin.l == label_pixels(["Tata Memorial Mumbai"]) > label_pixels(["short"])
    assert figure.layout.yaxis.automargin is None
    assert base_figure("Round", "Loss", LIGHT).layout.margin.l == 60
