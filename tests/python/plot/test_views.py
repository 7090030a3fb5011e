import itertools

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from headrace.plot.painter import LiveFigure
from headrace.plot.views import Grid, columns_of, figure_size


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


def test_all_share_the_time_axis_unless_told_otherwise() -> None:
    figure = LiveFigure(figsize=(8, 6), dpi=100)
    FigureCanvasAgg(figure)
    grid = Grid(figure, 2, [1.0])
    grid.blocks[0][0].set_xlim(3, 9)
    assert grid.blocks[1][0].get_xlim() == (3, 9)
    apart = Grid(figure, 2, [1.0], share_x=False)
    apart.blocks[0][0].set_xlim(3, 9)
    assert apart.blocks[1][0].get_xlim() == (0, 1)
