import numpy as np
import pytest

import headrace as hr
from headrace.plot import Chart
from headrace.plot.notice import Notice

QUIET = Notice()


def pixels(chart: Chart, notice: Notice = QUIET) -> np.ndarray:
    return np.array(chart._picture.paint(notice))


@pytest.mark.parametrize("kind", ["line", "candles", "bar", "hist"])
def test_a_picture_drawn_over_the_former_is_the_same_as_one_drawn_from_nothing(
    live: hr.Live, kind: str
) -> None:
    chart = live.plot(key="ACME", kind=kind)
    first = pixels(chart)
    again = pixels(chart)
    draws = chart._picture.painter.full_draws
    chart._picture.painter.rebuild()
    anew = pixels(chart)
    assert chart._picture.painter.full_draws == draws + 1
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, anew)


def test_frames_and_names_are_drawn_once(live: hr.Live) -> None:
    chart = live.plot("Close", key="ACME")
    painter = chart._picture.painter
    pixels(chart)
    draws = painter.full_draws
    for i in range(5):
        pixels(chart, Notice(stamp=f"as of 10:00:0{i} UTC", rejected=i))
    assert painter.full_draws == draws


def test_a_lost_broker_makes_the_data_pale_and_the_words_stand_out(live: hr.Live) -> None:
    chart = live.plot("Close", key="ACME")
    fresh, grey = pixels(chart), pixels(chart, Notice(grey=True))
    box = chart.figure.axes[0].bbox
    inside = (slice(-round(box.y1), -round(box.y0)), slice(round(box.x0) + 2, round(box.x1)))
    assert grey[inside][..., :3].min() > fresh[inside][..., :3].min() + 60


def test_what_the_picture_says_can_be_found_in_the_figure(live: hr.Live) -> None:
    chart = live.plot("Close", key="ACME", title="My chart")
    pixels(chart, Notice(("reconnecting, 7 s",), rejected=3))
    texts = [text.get_text() for text in chart.figure.texts]
    assert {"My chart", "reconnecting, 7 s", "3 rejected"} <= set(texts)
    pixels(chart)
    texts = [text.get_text() for text in chart.figure.texts]
    assert "reconnecting, 7 s" not in texts


def test_a_resized_figure_is_drawn_anew(live: hr.Live) -> None:
    chart = live.plot("Close", key="ACME")
    before = pixels(chart)
    chart.figure.set_size_inches(10, 6)
    after = pixels(chart)
    assert after.shape == (600, 1000, 4) != before.shape
