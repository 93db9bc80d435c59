from __future__ import annotations

from dashboard.charts.label_width import WIDEST, label_pixels


def test_room_for_a_name() -> None:
    assert label_pixels(["Glioma<br>12 slices"]) == label_pixels(["12 slices"]), "the longer of two lines"
    assert label_pixels(["&lt;b&gt;"]) == label_pixels(["<b>"]), "as shown, not as written"
    assert label_pixels(["WWWW"]) > label_pixels(["AAAA"]) > label_pixels(["aaaa"])
    assert label_pixels(["मुंबई"]) < label_pixels(["aaaaa"]), "vowel signs take no room of their own"
    assert label_pixels(["東京"]) > label_pixels(["ab"])
    assert label_pixels(["M" * 24]) == WIDEST
