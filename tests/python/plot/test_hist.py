import numpy as np
import pytest

import headrace as hr
from headrace.plot.hist import _edges
from tests.python.plot.conftest import FRAME


def test_every_row_is_in_a_bin(live: hr.Live) -> None:
    chart = live.plot("Close", kind="hist", key="ACME")
    (polygon,) = chart.figure.axes[0].patches
    corners = polygon.get_xy()
    left, height = corners[1:-2:2, 0], corners[1:-2:2, 1]
    assert height.sum() == (FRAME["Ticker"] == "ACME").sum()
    close = FRAME[FRAME["Ticker"] == "ACME"]["Close"]
    assert left[0] <= close.min()
    assert [note.text for note in chart._picture._view.areas[0].notes] == [
        f"{len(close)} rows, mean {close.mean():.2f}, std. dev. {close.std(ddof=0):.4f}"
    ]


def test_each_key_has_its_own_scale(live: hr.Live) -> None:
    chart = live.plot("Close", kind="hist")
    limits = [axes.get_xlim() for axes in chart.figure.axes]
    assert len(set(limits)) == 3
    for (low, high), (_, rows) in zip(limits, FRAME.groupby("Ticker"), strict=True):
        assert low <= rows["Close"].min() <= rows["Close"].max() <= high


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (228.3, 241.9), (-3e-5, 2e-5), (0.0, 9e9)])
def test_edges_are_round_and_cover_all(low: float, high: float) -> None:
    edges = _edges(low, high)
    assert edges[0] <= low
    assert edges[-1] >= high - 1e-9 * abs(high)
    assert 10 <= len(edges) <= 43
    np.testing.assert_allclose(np.diff(edges), edges[1] - edges[0])
