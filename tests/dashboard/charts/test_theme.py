from __future__ import annotations

from common.labels import CLASSES
from dashboard.charts import theme


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


def test_a_name_that_is_cut_still_says_which_part_of_a_folder_it_is() -> None:
    assert theme.short("Tata Memorial Mumbai") == "Tata Memorial Mumbai"
    assert theme.short("Tata Memorial Mumbai and others") == "Tata Memorial Mumbai an…"
    assert theme.short("Tata Memorial Mumbai, part 03 of 34") == "Tata Mem…, part 03 of 34"


def test_rows_of_many_hospitals_are_low() -> None:
    assert theme.rows_height(3, 110, 52) == 266
    assert theme.rows_height(100, 110, 52) < 2500


def test_a_charts_margins_are_fixed_and_hold_its_longest_name() -> None:
    figure = theme.base_figure("Share (%)", "", theme.LIGHT, names=["short", "Tata Memorial Mumbai"])
    assert figure.layout.margin.l == theme.label_pixels(["Tata Memorial Mumbai"]) > theme.label_pixels(["short"])
    assert figure.layout.yaxis.automargin is None
    assert theme.base_figure("Round", "Loss", theme.LIGHT).layout.margin.l == 60
