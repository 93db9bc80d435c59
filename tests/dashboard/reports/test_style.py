from __future__ import annotations

from dashboard.reports import style


def test_a_report_has_a_title_a_language_and_a_bookmark_for_each_heading() -> None:
    story = [style.paragraph("The run", "title"), style.section("Who took part", style.paragraph("Three."))]
    made = style.render("Report of run-001", story, compress=False)
    assert b"/Title (Report of run-001)" in made
    assert b"/Lang (en)" in made
    assert made.count(b"/Dest ") >= 2
    assert b"/Title (Who took part)" in made
    assert b"/Title (Three.)" not in made
    assert made == style.render("Report of run-001", story, compress=False)
