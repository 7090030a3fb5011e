import itertools

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from headrace.plot.area import Area
from headrace.plot.painter import LiveFigure
from headrace.plot.style import PanelStyle
from headrace.plot.views import Grid, columns_of, figure_size, put_legend


@pytest.mark.parametrize(("blocks", "columns"), [(1, 1), (2, 2), (3, 3), (4, 2), (5, 3), (6, 3)])
def test_blocks_stand_side_by_side(blocks: int, columns: int) -> None:
    assert columns_of(blocks) == columns


@pytest.mark.parametrize("blocks", [1, 2, 4, 6])
@pytest.mark.parametrize("panels", [1, 2, 5])
def test_axes_do_not_overlap_and_are_inside(blocks: int, panels: int) -> None:
    figure = LiveFigure(figsize=figure_size(blocks, panels), dpi=100)
    FigureCanvasAgg(figure)
    grid = Grid(figure, blocks, [2.2] + [1.0] * (panels - 1))
    boxes = [ax.get_position() for block in grid.blocks for ax in block]
    assert len(boxes) == blocks * panels
    for box in boxes:
        assert 0 < box.x0 < box.x1 < 1
        assert 0 < box.y0 < box.y1 < 1
        assert box.height * figure.get_size_inches()[1] > 0.4  # inches: there is room to read
    for a, b in itertools.combinations(boxes, 2):
        assert not (a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1)


def test_only_the_blocks_at_the_left_say_what_the_axis_is() -> None:
    figure = LiveFigure(figsize=(8, 6), dpi=100)
    FigureCanvasAgg(figure)
    grid = Grid(figure, 4, [1.0])
    shown = [block[0].yaxis.label.get_visible() for block in grid.blocks]
    assert shown == [True, False, True, False]


def names(*named: str, key: str | None = None, width: float = 8.0) -> tuple[list[str], list[str]]:
    """What the legend says, and what else stands above the axes."""
    figure = LiveFigure(figsize=(width, 4), dpi=100)
    FigureCanvasAgg(figure)
    area = Area(figure.add_axes((0.1, 0.1, 0.8, 0.8)), PanelStyle())
    for name in named:
        area.add(area.ax.plot([], [])[0], name)
    put_legend(area, key)
    legend = area.ax.get_legend()
    said = [text.get_text() for text in legend.get_texts()] if legend else []
    return said, [text.get_text() for text in area.ax.texts]


def test_a_legend_names_every_column_whatever_it_is_called() -> None:
    assert names("Close", "_hidden", "US$ $x^2$") == (["Close", "_hidden", "US$ $x^2$"], [])
    assert names("Close", key="AAPL") == (["Close"], ["AAPL"])
    assert names(key="AAPL") == ([], ["AAPL"])


def test_names_that_would_run_into_each_other_are_shortened() -> None:
    long = [f"a_very_long_name_of_a_sensor_{i}" for i in range(5)]
    said, _ = names(*long)
    assert all("…" in name for name in said)
    assert sum(len(name) for name in said) * 6.4 < 640
    (name,), (key,) = names(long[0], key="k" * 200, width=4)
    assert len(name) < 30
    assert len(key) < 30


def test_all_share_the_time_axis_unless_told_otherwise() -> None:
    figure = LiveFigure(figsize=(8, 6), dpi=100)
    FigureCanvasAgg(figure)
    grid = Grid(figure, 2, [1.0])
    grid.blocks[0][0].set_xlim(3, 9)
    assert grid.blocks[1][0].get_xlim() == (3, 9)
    apart = Grid(figure, 2, [1.0], share_x=False)
    apart.blocks[0][0].set_xlim(3, 9)
    assert apart.blocks[1][0].get_xlim() == (0, 1)
