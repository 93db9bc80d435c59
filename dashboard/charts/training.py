"""Figures of one run's rounds: curves with the band over hospitals, who replied, seconds, traffic."""

from collections.abc import Callable, Sequence

import plotly.graph_objects as go

from common.artifacts.schema import HospitalRound, Round, Run
from common.artifacts.update_words import relative_lengths
from dashboard.charts import formats, marks, theme
from dashboard.data import rounds

OVERALL = "All hospitals"


def curves(run: Run, measure: rounds.Measure, colours: theme.Palette) -> go.Figure:
    """Draw one measure per round: each hospital, the range between them, and all of them together."""
    figure = theme.base_figure("Round", measure.axis, colours)
    numbers = [round_.number for round_ in run.rounds]
    _add_band(figure, run.rounds, measure, colours)
    _add_hospitals(figure, run, colours, lambda part: measure.shown(measure.of(part)), 1.6, _hover(measure))
    overall = [measure.shown(measure.of(round_)) for round_ in run.rounds]
    figure.add_scatter(
        x=numbers,
        y=overall,
        name=OVERALL,
        mode="lines+markers" if len(numbers) < 3 else "lines",
        line={"color": colours.overall, "width": 3.2},
        hovertemplate=_hover(measure),
    )
    _mark_best(figure, run.rounds, measure, colours)
    figure.update_layout(hovermode="x unified", xaxis=_round_axis(run))
    return figure


def replies(run: Run, colours: theme.Palette) -> go.Figure:
    """Draw who replied in which round: a dot for a reply, a cross for a failure, nothing for "not asked"."""
    rows = {name: row for row, name in enumerate(run.hospital_names)}
    names = [theme.short(name) for name in rows]
    figure = theme.base_figure("Round", "", colours, height=theme.rows_height(len(rows), 70, 34), names=names)
    kinds = (("Replied", "circle", colours.figures[1]), ("Failed or missed", "x", colours.figures[0]))
    for (title, symbol, colour), failed in zip(kinds, (False, True), strict=True):
        cells = [
            (round_.number, rows[name], [theme.short(name), _why(round_, name)])
            for round_ in run.rounds
            for name in round_.asked
            if (name not in round_.replied or any(f.hospital == name for f in round_.failed)) is failed
        ]
        figure.add_scatter(
            x=[cell[0] for cell in cells],
            y=[cell[1] for cell in cells],
            customdata=[cell[2] for cell in cells],
            name=title,
            mode="markers",
            marker={"symbol": symbol, "color": colour, "size": 10},
            hovertemplate="round %{x}<br>%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
        )
    figure.layout.xaxis.update(_round_axis(run))
    return figure


def seconds(run: Run, colours: theme.Palette) -> go.Figure:
    """Draw how long each round took, and how long each hospital trained in it."""
    figure = theme.base_figure("Round", "Seconds", colours, height=300)
    numbers = [round_.number for round_ in run.rounds]
    figure.add_bar(
        x=numbers,
        y=[round_.seconds for round_ in run.rounds],
        name="Whole round",
        marker={"color": colours.grid},
        hovertemplate="%{y:.1f} s",
    )
    _add_hospitals(figure, run, colours, lambda part: part.train_seconds, 1.4, "%{y:.1f} s")
    figure.update_layout(hovermode="x unified", xaxis=_round_axis(run), yaxis={"rangemode": "tozero"})
    return figure


def traffic(run: Run, colours: theme.Palette) -> go.Figure:
    """Draw the bytes of each round, to the hospitals and back, stacked from zero."""
    figure = theme.base_figure("Round", "Megabytes", colours, height=300)
    numbers = [round_.number for round_ in run.rounds]
    parts = (("To hospitals", "bytes_down", 0, ""), ("From hospitals", "bytes_up", 1, "/"))
    for title, field, colour, pattern in parts:
        values = [getattr(round_, field) for round_ in run.rounds]
        figure.add_bar(
            x=numbers,
            y=[None if value is None else value / 1e6 for value in values],
            name=title,
            marker={"color": colours.figures[colour], "pattern": theme.pattern(pattern, colours.surface, 6, 0.2)},
            hovertemplate="%{y:.1f} MB",
        )
    figure.update_layout(barmode="stack", hovermode="x unified", xaxis=_round_axis(run), bargap=0.25)
    return figure


def update_cosines(run: Run, colours: theme.Palette) -> go.Figure:
    """Draw how far each hospital's update points where the others' do: 1 the same way, 0 across, below away."""
    figure = theme.base_figure("Round", "Cosine to the others", colours, height=300)
    _add_hospitals(figure, run, colours, lambda part: part.update_cosine, 1.6, "%{y:.2f}")
    figure.add_hline(y=0, line={"color": colours.grid, "width": 1.5})
    figure.update_layout(hovermode="x unified", xaxis=_round_axis(run))
    return figure


def update_lengths(run: Run, colours: theme.Palette) -> go.Figure:
    """Draw how long each hospital's update was, in times the round's median, before anything was clipped."""
    figure = theme.base_figure("Round", "Times the median length", colours, height=300)
    lengths = [relative_lengths(round_) for round_ in run.rounds]
    for name, mark in marks.hospital_marks(run.hospital_names, colours).items():
        if any(name in each for each in lengths):
            _add_line(figure, run, name, mark, [each.get(name) for each in lengths], 1.6, "%{y:.2f} times")
    figure.update_layout(hovermode="x unified", xaxis=_round_axis(run), yaxis={"type": "log"})
    return figure


def _add_hospitals(
    figure: go.Figure,
    run: Run,
    colours: theme.Palette,
    value: Callable[[HospitalRound], float | None],
    width: float,
    hover: str,
) -> None:
    """Add a line for each hospital that recorded a value; a round that it missed is a gap."""
    for name, mark in marks.hospital_marks(run.hospital_names, colours).items():
        values = [value(part) if (part := round_.hospitals.get(name)) else None for round_ in run.rounds]
        if any(each is not None for each in values):
            _add_line(figure, run, name, mark, values, width, hover)


def _add_line(
    figure: go.Figure,
    run: Run,
    name: str,
    mark: marks.Mark,
    values: Sequence[float | None],
    width: float,
    hover: str,
) -> None:
    figure.add_scatter(
        x=[round_.number for round_ in run.rounds],
        y=values,
        name=theme.short(name),
        mode="lines+markers",
        line={"color": mark.colour, "dash": mark.dash, "width": width},
        marker={"symbol": mark.symbol, "size": 6},
        hovertemplate=hover,
    )


def _add_band(figure: go.Figure, rounds: tuple[Round, ...], measure: rounds.Measure, colours: theme.Palette) -> None:
    spans = []
    for round_ in rounds:
        values = [value for part in round_.hospitals.values() if (value := measure.shown(measure.of(part))) is not None]
        if len(values) > 1:
            spans.append((round_.number, min(values), max(values)))
    if not spans:
        return
    numbers = [span[0] for span in spans]
    figure.add_scatter(
        x=numbers + numbers[::-1],
        y=[span[2] for span in spans] + [span[1] for span in spans][::-1],
        fill="toself",
        fillcolor=colours.band,
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
    )


def _mark_best(figure: go.Figure, rounds: tuple[Round, ...], measure: rounds.Measure, colours: theme.Palette) -> None:
    best = measure.best(rounds)
    if best is None or not measure.field.startswith("val_"):  # no round is chosen by how well it trained
        return
    value, number = best
    figure.add_scatter(
        x=[number],
        y=[measure.shown(value)],
        name=f"Best: {measure.write(value)}, round {number}",
        mode="markers",
        marker={"symbol": "circle-open", "size": 15, "color": colours.overall, "line": {"width": 2.4}},
        hoverinfo="skip",
    )


def _round_axis(run: Run) -> dict[str, object]:
    last = max(run.status.rounds or 0, run.rounds[-1].number if run.rounds else 1)
    return theme.round_axis(last)


def _why(round_: Round, name: str) -> str:
    reasons = [f"{failure.phase}: {failure.reason}" for failure in round_.failed if failure.hospital == name]
    if reasons:
        return theme.plain("; ".join(reasons))
    part = round_.hospitals.get(name)
    return f"{formats.duration(part.train_seconds)} training" if part else "replied" if name in round_.replied else ""


def _hover(measure: rounds.Measure) -> str:
    return "%{y:.1f} %" if measure.percent else "%{y:.3f}"
