"""Figures of a study: strategies with their intervals, differences around zero, what each hospital brings."""

from collections.abc import Iterable, Sequence

import plotly.graph_objects as go

from common.study.statistics import Estimate
from dashboard.charts import formats, marks, theme
from dashboard.data import study_tables

DECIDED = ("better", "worse")
_SPREAD = 0.18  # between two series of one place, as a share of a row


def strategies(rows: Sequence[study_tables.Row], axis: str, colours: theme.Palette) -> go.Figure:
    """Draw each strategy's mean with its 95 % interval at each place; symbol beside colour, hollow with one seed."""
    places, series = _in_order(row.place for row in rows), _in_order(row.series for row in rows)
    height = 120 + (26 + 20 * len(series)) * max(1, len(places))
    figure = theme.base_figure(axis, "", colours, height=height, names=_ticks(places))
    style = marks.run_marks(series, colours)
    for position, name in enumerate(series):
        shown = [(places.index(row.place), row.estimate) for row in rows if row.series == name and row.estimate]
        site = name == study_tables.SITE_ONLY
        colour = colours.muted if site else style[name].colour
        figure.add_scatter(
            x=[found.mean * 100 for _, found in shown],
            y=[place + (position - (len(series) - 1) / 2) * _SPREAD for place, _ in shown],
            error_x=_error_bars([found for _, found in shown], colour),
            name=theme.short(formats.strategy(name)),
            mode="markers",
            marker={
                "size": 11,
                "color": colour,
                "line": {"color": colour, "width": 2},
                "symbol": ["x-thin" if site else _symbol(style[name].symbol, found.n > 1) for _, found in shown],
            },
            customdata=[
                [theme.short(places[place], 60), study_tables.written_share(found), found.n] for place, found in shown
            ],
            hovertemplate=_hover("a rule" if site else "%{customdata[2]} seeds", theme.short(formats.strategy(name))),
        )
    return figure


def differences(rows: Sequence[study_tables.Row], axis: str, colours: theme.Palette) -> go.Figure:
    """Draw differences with their 95 % intervals around zero: filled where the verdict is decided, hollow where not."""
    places = [row.place for row in rows]
    figure = theme.base_figure(axis, "", colours, height=110 + 52 * max(1, len(places)), names=_ticks(places))
    for name, decided in (("decided", True), ("not decided", False)):
        shown = [
            (i, row.estimate, row.verdict.words)
            for i, row in enumerate(rows)
            if row.estimate and row.verdict and (row.verdict.kind in DECIDED) is decided
        ]
        colour = colours.overall if decided else colours.muted
        figure.add_scatter(
            x=[found.mean * 100 for _, found, _ in shown],
            y=[i for i, _, _ in shown],
            error_x=_error_bars([found for _, found, _ in shown], colour),
            name=name,
            mode="markers",
            marker={
                "size": 12,
                "color": colour,
                "line": {"color": colour, "width": 2},
                "symbol": _symbol("diamond", decided),
            },
            customdata=[
                [theme.short(places[i], 60), study_tables.written_points(found), words] for i, found, words in shown
            ],
            hovertemplate=_hover("%{customdata[2]}", name),
        )
    return _around_zero(figure, colours)


def contributions(rows: Sequence[study_tables.Row], axis: str, colours: theme.Palette) -> go.Figure:
    """Draw what each hospital brings as bars from zero with 95 % intervals; hatched where it is not decided."""
    places = [row.place for row in rows]
    figure = theme.base_figure(axis, "", colours, height=110 + 52 * max(1, len(places)), names=_ticks(places))
    shown = [(i, row.estimate, row.verdict) for i, row in enumerate(rows) if row.estimate and row.verdict]
    figure.add_bar(
        x=[found.mean * 100 for _, found, _ in shown],
        y=[i for i, _, _ in shown],
        orientation="h",
        width=0.5,
        error_x=_error_bars([found for _, found, _ in shown], colours.text),
        marker={
            "color": colours.figures[1],
            "pattern": {"shape": ["" if judged.kind in DECIDED else "/" for _, _, judged in shown], "solidity": 0.3},
        },
        customdata=[
            [theme.short(places[i], 60), study_tables.written_points(found), judged.words] for i, found, judged in shown
        ],
        hovertemplate=_hover("%{customdata[2]}", ""),
        showlegend=False,
    )
    return _around_zero(figure, colours)


def _around_zero(figure: go.Figure, colours: theme.Palette) -> go.Figure:
    figure.layout.xaxis.update(rangemode="tozero", zeroline=True, zerolinecolor=colours.muted, zerolinewidth=2)
    return figure


def _error_bars(found: Sequence[Estimate], colour: str) -> dict[str, object]:
    return theme.error_bars([each.mean for each in found], [each.interval for each in found], colour, 5)


def _hover(detail: str, extra: str) -> str:
    return "%{customdata[0]}: %{customdata[1]}<br>" + detail + f"<extra>{extra}</extra>"


def _symbol(symbol: str, filled: bool) -> str:
    return symbol if filled else f"{symbol}-open"


def _ticks(places: Sequence[str]) -> list[str]:
    return [theme.short(place) for place in places]


def _in_order(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
