"""The picture of who gains and who loses: an arrow per hospital from its own model to the shared one."""

import plotly.graph_objects as go

from dashboard.charts import formats, theme
from dashboard.data.gains import figures as gain
from dashboard.data.gains import words as gain_words

_APART = 0.2  # of each model's interval from the arrow, as a share of a row


def arrows(gains: gain.Gains, colours: theme.Palette) -> go.Figure:
    """Draw each hospital's arrow between both accuracies with their 95 % intervals; grey where neither is better."""
    rows = gains.rows
    ticks = [f"{theme.short(row.hospital)}<br><b>{formats.points(row.difference)}</b>" for row in rows]
    height = 118 + 66 * max(1, len(rows))
    figure = theme.base_figure("Test accuracy (%)", "", colours, height=height, names=ticks)
    for own, name in ((True, "own model"), (False, "shared model")):
        _add_models(figure, gains, own=own, name=name, colours=colours)
    for position, row in enumerate(rows):
        _add_arrow(figure, position, row, colours)
    figure.layout.margin.t = 34
    return figure


def colour(kind: str, colours: theme.Palette) -> str:
    """Return the colour of an arrow: one of gains, one of losses, and grey for what is not decided."""
    return {gain.GAINS: colours.gain, gain.LOSES: colours.loss}.get(kind, colours.muted)


def _add_models(figure: go.Figure, gains: gain.Gains, *, own: bool, name: str, colours: theme.Palette) -> None:
    """Add one model's accuracies; its intervals run above or below the arrows."""
    known = [(i, row, row.own if own else row.shared) for i, row in enumerate(gains.rows)]
    shown = [(i, row, share) for i, row, share in known if share.value is not None]
    values, ends = [share.value or 0.0 for *_, share in shown], [share.interval for *_, share in shown]
    shades = [colour(row.kind, colours) for _, row, _ in shown]
    where = [i + (-_APART if own else _APART) for i, *_ in shown]
    figure.add_scatter(  # for the legend alone, which would take the first hospital's colour
        x=[None], y=[None], name=name, mode="markers", marker=_marker(colours.text, own=own, colours=colours)
    )
    figure.add_scatter(
        x=[value * 100 for value in values],
        y=where,
        error_x=theme.error_bars(values, ends, colours.muted, 4),
        mode="markers",
        marker={"size": 1, "opacity": 0},
        showlegend=False,
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[value * 100 for value in values],
        y=[i for i, *_ in shown],
        mode="markers",
        marker=_marker(shades, own=own, colours=colours),
        showlegend=False,
        customdata=[
            [theme.short(row.hospital, 60), formats.share(share), gain_words.points(row), gain_words.WORDS[row.kind]]
            for _, row, share in shown
        ],
        hovertemplate="%{customdata[0]}: %{customdata[1]}<br>%{customdata[2]}, %{customdata[3]}"
        f"<extra>{name}</extra>",
    )


def _marker(shades: list[str] | str, *, own: bool, colours: theme.Palette) -> dict[str, object]:
    """Return how a model's accuracy is drawn: hollow the hospital's own, filled the shared one."""
    return {
        "size": 11,
        "color": colours.surface if own else shades,
        "line": {"color": shades, "width": 2},
        "symbol": "circle" if own else "diamond",
    }


def _add_arrow(figure: go.Figure, position: int, row: gain.Gain, colours: theme.Palette) -> None:
    if row.own.value is None or row.shared.value is None or row.own.value == row.shared.value:
        return
    figure.add_annotation(
        x=row.shared.value * 100,
        y=position,
        ax=row.own.value * 100,
        ay=position,
        **{name: axis for axis in "xy" for name in (f"{axis}ref", f"a{axis}ref")},
        text="",
        showarrow=True,
        arrowhead=2,
        arrowsize=1,
        arrowwidth=3 if row.kind in (gain.GAINS, gain.LOSES) else 1.5,
        arrowcolor=colour(row.kind, colours),
        startstandoff=6,
        standoff=6,
    )
