from __future__ import annotations

from dashboard.charts import theme


def test_room_for_a_name() -> None:
    assert theme.label_pixels(["Glioma<br>12 slices"]) == theme.label_pixels(["12 slices"]), "the longer of two lines"
    assert theme.label_pixels(["&lt;b&gt;"]) == theme.label_pixels(["<b>"]), "as shown, not as written"
    assert theme.label_pixels(["WWWW"]) > theme.label_pixels(["AAAA"]) > theme.label_pixels(["aaaa"])
    assert theme.label_pixels(["मुंबई"]) < theme.label_pixels(["aaaaa"]), "vowel signs take no room of their own"
    assert theme.label_pixels(["東京"]) > theme.label_pixels(["ab"])
    assert theme.label_pixels(["M" * 24]) == theme.WIDEST
