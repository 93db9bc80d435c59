"""The four kinds of chart in a dossier: lines, shares with intervals, bars and a table of counts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from common.dossier.figures.svg import COLOURS, DASHES, GRID, LOUD, MUTED, PAPER, SYMBOLS, Drawing, short, ticks
from common.metrics.intervals import Interval

WIDTH = 820
_TOP, _LEFT, _RIGHT, _ROW = 64, 70, 24, 26
_NAMES = 250  # pixels for names beside an axis
_FIGURES = 220  # pixels for figures on the other side
_HIGHEST = 1e12
_DARK = 0.55  # share of a row from which white text reads better


@dataclass(frozen=True)
class Title:
    """What stands over a chart."""

    text: str
    about: str
    """The caption, which a screen reader reads."""
    stamp: str = ""
    """In red beside the title: SYNTHETIC, where the slices are drawn."""


@dataclass(frozen=True)
class Line:
    """A series of a line chart; a None is a gap."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float | None]
    bands: Sequence[Interval | None] = ()


@dataclass(frozen=True)
class Share:
    """A figure with its interval."""

    name: str
    value: float | None
    ends: Interval | None
    text: str


def line_chart(
    title: Title,
    lines: Sequence[Line],
    x_title: str,
    y_title: str,
    *,
    diagonal: bool = False,
    marks: bool = True,
) -> bytes:
    """Draw series over numbers; `diagonal` adds where both axes are equal, `marks` a symbol at each point."""
    lines, legend = [_drawable(line) for line in lines], 20 * ((len(lines) + 2) // 3)
    drawing = _paper(title, 400 + legend)
    known = [y for line in lines for y in line.ys if y is not None]
    known += [end for line in lines for band in line.bands if band for end in band]
    xs = ticks(0.0, 1.0) if diagonal else _whole_ticks([x for line in lines for x in line.xs])
    ys = ticks(0.0, 1.0) if all(0 <= y <= 1 for y in known) else ticks(min(known), max(known))
    plot = _Plot(xs, ys, _TOP + legend, 340 + legend)
    _axes(drawing, plot, x_title, y_title)
    if diagonal:
        drawing.line(*plot.at(xs[0], xs[0]), *plot.at(xs[-1], xs[-1]), MUTED, 1, "3 3")
    for index, line in enumerate(lines):
        colour, symbol, dash = _look(index)
        _band(drawing, line, colour, plot)
        for piece in _pieces(line):
            drawing.path([plot.at(x, y) for x, y in piece], colour, dash)
        for x, y in zip(line.xs, line.ys, strict=True):
            if marks and y is not None:
                drawing.mark(*plot.at(x, y), symbol, colour, 3)
        _legend(drawing, index, line.name)
    return drawing.to_bytes()


@dataclass(frozen=True)
class _Plot:
    """Where the numbers of a line chart lie on the paper."""

    xs: Sequence[float]
    """Ticks, the first and the last at the ends of the axis."""
    ys: Sequence[float]
    top: float
    bottom: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        across, up = (x - self.xs[0]) / (self.xs[-1] - self.xs[0]), (y - self.ys[0]) / (self.ys[-1] - self.ys[0])
        return _LEFT + across * (WIDTH - _LEFT - _RIGHT), self.bottom - up * (self.bottom - self.top)


def _axes(drawing: Drawing, plot: _Plot, x_title: str, y_title: str) -> None:
    for tick in plot.ys:
        drawing.line(*plot.at(plot.xs[0], tick), *plot.at(plot.xs[-1], tick))
        drawing.text(_LEFT - 8, plot.at(plot.xs[0], tick)[1] + 4, f"{tick:g}", anchor="end", colour=MUTED)
    for tick in plot.xs:
        drawing.text(plot.at(tick, plot.ys[0])[0], plot.bottom + 20, f"{tick:g}", anchor="middle", colour=MUTED)
    drawing.text((_LEFT + WIDTH) / 2, plot.bottom + 44, x_title, anchor="middle", colour=MUTED)
    drawing.text(18, (plot.top + plot.bottom) / 2, y_title, anchor="middle", colour=MUTED, upright=True)


def _legend(drawing: Drawing, index: int, name: str) -> None:
    colour, symbol, dash = _look(index)
    x, y = _LEFT + 240 * (index % 3), _TOP - 6 + 20 * (index // 3)
    drawing.line(x, y, x + 24, y, colour, 2, dash)
    drawing.mark(x + 12, y, symbol, colour)
    drawing.text(x + 30, y + 4, short(name))


def share_chart(title: Title, shares: Sequence[Share], x_title: str) -> bytes:
    """Draw one row a figure from 0 to 1: a mark with its interval, and the figure in words."""
    bottom = _TOP + _ROW * len(shares)
    drawing, room = _paper(title, bottom + 56), WIDTH - _NAMES - _FIGURES

    def at(value: float) -> float:
        return _NAMES + value * room

    for tick in ticks(0.0, 1.0):
        drawing.line(at(tick), _TOP - 8, at(tick), bottom)
        drawing.text(at(tick), bottom + 18, f"{tick:g}", anchor="middle", colour=MUTED)
    drawing.text(at(0.5), bottom + 42, x_title, anchor="middle", colour=MUTED)
    for index, share in enumerate(shares):
        y = _TOP + _ROW * index + 8
        drawing.text(_NAMES - 10, y + 4, short(share.name, 32), anchor="end")
        if share.ends:
            low, high = (at(min(max(end, 0.0), 1.0)) for end in share.ends)
            drawing.line(low, y, high, y, COLOURS[0], 3)
        if share.value is not None:
            drawing.mark(at(share.value), y, "diamond", COLOURS[1], 5)
        drawing.text(WIDTH - _FIGURES + 12, y + 4, share.text)
    return drawing.to_bytes()


def bar_chart(title: Title, bars: Sequence[tuple[str, int]], x_title: str) -> bytes:
    """Draw one row a count, with the count behind its bar."""
    bottom = _TOP + _ROW * len(bars)
    drawing, most = _paper(title, bottom + 40), max((count for _, count in bars), default=0) or 1
    for index, (name, count) in enumerate(bars):
        y, width = _TOP + _ROW * index, (WIDTH - _NAMES - 90) * count / most
        drawing.text(_NAMES - 10, y + 12, short(name, 32), anchor="end")
        drawing.rect(_NAMES, y - 2, width, _ROW - 8, COLOURS[0])
        drawing.text(_NAMES + width + 8, y + 12, f"{count:,}")
    drawing.text(_NAMES, bottom + 22, x_title, colour=MUTED)
    return drawing.to_bytes()


def count_table(title: Title, names: Sequence[str], counts: Sequence[Sequence[int]]) -> bytes:
    """Draw counts by true class (rows) and predicted class (columns), darker for a larger share of the row."""
    cell, left, top = 104, 190, _TOP + 46
    drawing = _paper(title, top + 56 * len(names) + 24)
    drawing.text(left + cell * len(names) / 2, _TOP + 6, "Predicted class", anchor="middle", colour=MUTED)
    for column, name in enumerate(names):
        drawing.text(left + cell * (column + 0.5), top - 12, name, anchor="middle")
    for row, name in enumerate(names):
        y, total = top + 56 * row, sum(counts[row])
        drawing.text(left - 12, y + 32, name, anchor="end")
        for column, count in enumerate(counts[row]):
            share = count / total if total else 0.0
            drawing.rect(left + cell * column, y, cell - 3, 53, _shade(share))
            x, colour = left + cell * (column + 0.5), PAPER if share > _DARK else "#17212B"
            drawing.text(x, y + 25, f"{count:,}", anchor="middle", colour=colour, bold=row == column)
            drawing.text(x, y + 43, f"{share:.0%}" if total else "–", anchor="middle", colour=colour)
    drawing.text(24, top + 28 * len(names), "True class", anchor="middle", colour=MUTED, upright=True)
    return drawing.to_bytes()


def _paper(title: Title, height: int) -> Drawing:
    heading = f"{title.stamp}: {title.text}" if title.stamp else title.text
    drawing = Drawing(heading, title.about, WIDTH, height)
    drawing.text(16, 28, title.text, size=16, bold=True)
    if title.stamp:
        drawing.text(WIDTH - 16, 28, title.stamp, anchor="end", colour=LOUD, size=16, bold=True)
    drawing.line(16, 38, WIDTH - 16, 38, GRID)
    return drawing


def _whole_ticks(xs: Sequence[float]) -> list[float]:
    """Return ticks below an axis; between whole numbers, such as rounds, there are none."""
    found = ticks(min(xs), max(xs))
    whole = [tick for tick in found if tick == int(tick)]
    return whole if all(x == int(x) for x in xs) and len(whole) > 1 else found


def _look(index: int) -> tuple[str, str, str]:
    """Return colour, symbol and dash; beyond six series the symbol goes on, so that no two are alike."""
    around = index // len(COLOURS)
    return COLOURS[index % 6], SYMBOLS[(index + around) % 6], DASHES[(index + around) % 6]


def _drawable(line: Line) -> Line:
    """Leave a gap where a figure is so large that nothing else could be seen beside it."""
    return replace(line, ys=[y if y is not None and abs(y) < _HIGHEST else None for y in line.ys])


def _pieces(line: Line) -> list[list[tuple[float, float]]]:
    pieces: list[list[tuple[float, float]]] = [[]]
    for x, y in zip(line.xs, line.ys, strict=True):
        if y is None:
            pieces.append([])
        else:
            pieces[-1].append((x, y))
    return [piece for piece in pieces if len(piece) > 1]


def _band(drawing: Drawing, line: Line, colour: str, plot: _Plot) -> None:
    known = [(x, band) for x, band in zip(line.xs, line.bands, strict=False) if band]
    if len(known) > 1:
        upper, lower = ([plot.at(x, band[end]) for x, band in known] for end in (1, 0))
        drawing.area([*upper, *reversed(lower)], colour)


def _shade(share: float) -> str:
    """Return white for 0 and the first colour for 1."""
    full = tuple(int(COLOURS[0][at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * share):02X}" for part in full)
