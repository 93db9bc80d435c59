from __future__ import annotations

import pytest

from common.labels import CLASSES
from dashboard.charts import theme


def test_six_series_differ_in_colour_symbol_and_dash() -> None:
    style = list(theme.marks([f"run-{i}" for i in range(6)], theme.LIGHT).values())
    for cue in ("colour", "symbol", "dash"):
        assert len({getattr(mark, cue) for mark in style}) == 6


def test_thirty_series_differ_in_colour_and_symbol_together() -> None:
    style = theme.marks([str(i) for i in range(30)], theme.DARK).values()
    assert len({(mark.colour, mark.symbol, mark.dash) for mark in style}) == 30


def test_every_class_has_a_name_a_colour_and_a_pattern() -> None:
    assert [theme.class_title(name) for name in CLASSES] == ["Glioma", "Meningioma", "Pituitary", "No tumour"]
    for colours in (theme.LIGHT, theme.DARK):
        assert len(set(colours.classes)) == len(CLASSES) == len(set(theme.CLASS_PATTERNS))


def test_anything_but_dark_is_light() -> None:
    assert theme.palette("dark") is theme.DARK
    assert theme.palette("light") is theme.palette(None) is theme.LIGHT


def test_names_are_shown_as_they_are() -> None:
    assert theme.plain("<script>") == "&lt;script&gt;"
    assert theme.markdown("a*b [c](d) :red[x] $y$ <i>") == r"a\*b \[c\]\(d\) \:red\[x\] \$y\$ \<i\>"
    assert theme.markdown("line\nbreak") == "line break"
    assert theme.markdown("टाटा") == "टाटा"


def test_a_charts_margins_are_fixed_and_hold_its_longest_name() -> None:
    figure = theme.base_figure("Share (%)", "", theme.LIGHT, names=["short", "Tata Memorial Mumbai"])
    assert figure.layout.margin.l == theme.label_pixels(["Tata Memorial Mumbai"]) > theme.label_pixels(["short"])
    assert figure.layout.yaxis.automargin is None
    assert theme.base_figure("Round", "Loss", theme.LIGHT).layout.margin.l == 60


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK])
def test_text_can_be_read_on_every_ground_that_it_is_written_on(colours: theme.Palette) -> None:
    land, heat = parts_of(colours.land), parts_of(colours.heat)
    scale = [tuple(a + (b - a) * share / 20 for a, b in zip(land, heat, strict=True)) for share in range(21)]
    assert min(contrast(parts_of(colours.text), ground) for ground in scale) >= 4.5
    assert contrast(parts_of(colours.muted), parts_of(colours.surface)) >= 4.5


def parts_of(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[start : start + 2], 16) for start in (1, 3, 5))


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """WCAG's ratio, from 1 to 21."""

    def light(colour: tuple[float, ...]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted([light(one), light(other)])
    return (high + 0.05) / (low + 0.05)
