import numpy as np
import pytest

from headrace.plot.decimate import extremes, runs_of


def test_few_points_are_drawn_as_they_are() -> None:
    assert extremes(np.arange(200.0), 100) is None
    assert runs_of(100, 100) is None


def test_spikes_and_both_ends_are_kept() -> None:
    values = np.random.default_rng(1).normal(size=100_000)
    values[12_345], values[77_777] = 50.0, -50.0
    at = extremes(values, 500)
    assert at is not None
    assert {0, 12_345, 77_777, 99_999} <= set(at.tolist())
    assert len(at) <= 2 * 500 + 2
    assert (np.diff(at) > 0).all()


def test_every_run_keeps_its_own_extremes() -> None:
    values = np.random.default_rng(2).normal(size=10_000)
    at = extremes(values, 100)
    for start in range(0, 10_000, 100):
        run = values[start : start + 100]
        kept = values[at[(at >= start) & (at < start + 100)]]
        assert (kept.min(), kept.max()) == (run.min(), run.max())


def test_a_gap_stays_a_gap_and_hides_no_value() -> None:
    values = np.arange(1000.0)
    values[400:500] = np.nan
    at = extremes(values, 10)
    assert np.isnan(values[at]).any()
    assert values[at][~np.isnan(values[at])].max() == 999.0


@pytest.mark.parametrize(("count", "most"), [(101, 100), (1000, 7), (5, 1)])
def test_runs_are_equal_and_not_more_than_asked(count: int, most: int) -> None:
    starts = runs_of(count, most)
    assert starts is not None
    assert len(starts) <= most
    assert len(set(np.diff(starts).tolist())) <= 1
