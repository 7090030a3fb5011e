import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from headrace.plot.area import Area
from headrace.plot.painter import LiveFigure
from headrace.plot.style import PanelStyle, panel_style


def area(look: PanelStyle, height: float = 0.8) -> Area:
    figure = LiveFigure(figsize=(6, 4), dpi=100)
    FigureCanvasAgg(figure)
    return Area(figure.add_axes((0.1, 0.1, 0.8, height)), look)


def test_fixed_limits_stay_whatever_the_data() -> None:
    rsi = area(panel_style("rsi"))
    rsi.limit("y", 0, 100)
    rsi.fit(-500.0, 500.0)
    assert rsi.ax.get_ylim() == (0, 100)
    assert rsi.y_ticks()[1] == ["10", "30", "50", "70", "90"]


def test_ticks_that_would_touch_are_left_out() -> None:
    low = area(panel_style("aroon"), height=0.06)
    assert low.y_ticks()[0][0] == 0
    assert len(low.y_ticks()[0]) < 4


def test_the_users_zoom_is_kept_until_he_leaves_it() -> None:
    price = area(PanelStyle("price"))
    price.fit(100.0, 200.0)
    price.ax.set_ylim(140, 150)
    price.fit(0.0, 1000.0)
    assert price.ax.get_ylim() == (140, 150)


def test_values_at_the_edge_do_not_touch_and_stay_inside() -> None:
    price = area(PanelStyle("price"))
    price.fit(100.0, 200.0)
    price.ends = [(150.0 + i * 0.01, f"{i}", "#000000") for i in range(6)]
    ys = [label.y for label in price.end_labels()]
    assert all(b - a >= 10.9 for a, b in itertools.pairwise(ys))
    box = price.ax.bbox
    assert box.y0 <= min(ys)
    assert max(ys) <= box.y1


def test_more_values_than_there_is_room_for_still_do_not_touch() -> None:
    low = area(PanelStyle("x"), height=0.05)
    low.fit(0.0, 1.0)
    low.ends = [(0.5, f"{i}", "#000000") for i in range(5)]
    ys = [label.y for label in low.end_labels()]
    assert all(b - a >= 10.9 for a, b in itertools.pairwise(ys))


def test_pixels_are_where_matplotlib_has_them() -> None:
    price = area(PanelStyle("price"))
    price.limit("x", 0, 50)
    price.limit("y", 10, 20)
    wanted = price.ax.transData.transform((30, 17))
    np.testing.assert_allclose((price.pixel_x(30), price.pixel_y(17)), wanted)


@pytest.mark.parametrize(("name", "guides"), [("rsi", 2), ("macd", 1), ("price", 0), ("aroon", 2)])
def test_panels_have_their_usual_guide_lines(name: str, guides: int) -> None:
    assert len(area(panel_style(name)).artists) == guides
