"""What every kind of chart has in common: blocks of axes in a figure, names, a title."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from headrace.plot import style
from headrace.plot.area import Area
from headrace.plot.feed import Snapshot
from headrace.plot.stamps import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Inches, so that a figure looks the same at any resolution.
_LEFT, _RIGHT, _TOP, _BOTTOM = 0.66, 0.68, 0.52, 0.46
_ABOVE, _BETWEEN = 0.21, 0.98  # room for names above axes; between blocks side by side
_LETTER, _BOLD_LETTER, _HANDLE = 6.4, 8.2, 36.0  # pixels at 100 dpi: a letter, a legend's line


@dataclass(frozen=True)
class Moment:
    """What a view draws besides the rows."""

    last: int  # rows asked for
    ended: bool = False  # no more will come
    rejects: Sequence[tuple[int, int, str | None]] = ()  # partition, offset, key of dead letters


class View(Protocol):
    """One kind of chart, in a figure."""

    areas: list[Area]
    grid: Grid

    def update(self, snapshot: Snapshot, moment: Moment) -> None:
        """Put the rows into the artists."""

    def context(self) -> str:
        """Return what the labels of the x axis leave out."""


def columns_of(blocks: int) -> int:
    """Return how many blocks stand side by side."""
    return {1: 1, 2: 2, 3: 3, 4: 2}.get(blocks, 3)


def figure_size(blocks: int, panels: int) -> tuple[float, float]:
    """Return inches: 8 by 4.5, more only where panels would be too low to read."""
    lines = -(-blocks // columns_of(blocks))
    per_line = 2.0 + 0.75 * (panels - 1)
    return 8.0, max(4.5, _TOP + _BOTTOM + lines * (per_line + _BOTTOM) - _BOTTOM)


class Grid:
    """Blocks of axes side by side and below one another, each with its panels from above.

    Parameters
    ----------
    figure : Figure
        Where.
    blocks : int
        How many.
    heights : sequence of float
        Of the panels of a block, relative.
    share_x : bool
        Whether all have the same x axis.
    """

    def __init__(
        self, figure: Figure, blocks: int, heights: Sequence[float], *, share_x: bool = True
    ) -> None:
        self._figure = figure
        self._heights = list(heights)
        self._columns = columns_of(blocks)
        self._lines = -(-blocks // self._columns)
        self.blocks: list[list[Axes]] = []
        first: Any = None
        for _ in range(blocks):
            block = []
            for _ in heights:
                ax = figure.add_axes((0, 0, 1, 1), sharex=first if share_x else None)
                first = first or ax
                block.append(ax)
            self.blocks.append(block)
        self.place()

    def place(self) -> None:
        """Put the axes where they belong for the figure's present size."""
        width, height = self._figure.get_size_inches()
        wide = (width - _LEFT - _RIGHT - (self._columns - 1) * _BETWEEN) / self._columns
        between = _BOTTOM - 0.08 + _ABOVE
        tall = (height - _TOP - _BOTTOM - (self._lines - 1) * between) / self._lines
        share = (tall - (len(self._heights) - 1) * _ABOVE) / sum(self._heights)
        for number, block in enumerate(self.blocks):
            line, column = divmod(number, self._columns)
            left = _LEFT + column * (wide + _BETWEEN)
            top = height - _TOP - line * (tall + between)
            for ax, part in zip(block, self._heights, strict=True):
                low = top - part * share
                ax.set_position(
                    (left / width, low / height, wide / width, max(part * share, 0.1) / height)
                )
                _put_name(self._figure, ax, (left - 0.56) / width, shown=column == 0)
                top = low - _ABOVE


def _put_name(figure: Figure, ax: Axes, x: float, *, shown: bool) -> None:
    """Put what the y axis says at its place; beside the first block it would say the same again."""
    from matplotlib.transforms import blended_transform_factory

    where = blended_transform_factory(figure.transFigure, ax.transAxes)
    ax.yaxis.set_label_coords(max(x, 0.004), 0.5, transform=where)
    ax.yaxis.label.set(rotation_mode="anchor", ha="center", va="top", fontsize=style.LABEL)
    ax.yaxis.label.set_color(style.SOFT)
    ax.yaxis.label.set_visible(shown)


def put_legend(area: Area, key: str | None = None) -> None:
    """Name what an area draws above it, after the key; what does not fit is shortened."""
    room = area.width / area.pixel
    if key is not None:
        _put_key(area.ax, shortened(key, int(room / (2 if area.named else 1) / _BOLD_LETTER)))
        room /= 2
    if area.named:
        at_right = key is not None
        legend = area.ax.legend(
            [artist for artist, _ in area.named],
            ["" for _ in area.named],
            loc="lower right" if at_right else "lower left",
            bbox_to_anchor=(1.0 if at_right else 0.0, 1.0),
            borderaxespad=0.15,
            borderpad=0.0,
            fontsize=style.LABEL,
            frameon=False,
            ncols=4 if at_right else 8,
            handlelength=1.3,
            handletextpad=0.5,
            columnspacing=1.2,
            labelcolor=style.TEXT,
        )
        legend.set_in_layout(False)
        most = int((room / len(area.named) - _HANDLE) / _LETTER)
        for text, (_, name) in zip(legend.get_texts(), area.named, strict=True):
            text.set_parse_math(False)  # a column may well be called "US$"
            text.set_text(shortened(name, most))


def _put_key(ax: Axes, key: str) -> None:
    ax.annotate(
        key,
        (0, 1),
        (0, 3),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=style.LABEL + 1,
        weight="bold",
        color=style.TEXT,
        parse_math=False,
    )
