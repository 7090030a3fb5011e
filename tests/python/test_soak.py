"""The long run's arithmetic, and the run itself in small."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.bench.memory import resident_mib, trend

pa = pytest.importorskip("pyarrow")


def test_a_growing_line_is_not_flat() -> None:
    rng = np.random.default_rng(1)
    at = np.arange(200)
    found = trend(at, 100.0 + 0.1 * at + rng.normal(0.0, 0.5, 200))
    assert found.growth_mib == pytest.approx(0.1 * 199, rel=0.05)
    assert found.p < 1e-6
    assert not found.flat


def test_noise_about_a_level_is_flat_and_so_is_a_tiny_sure_slope() -> None:
    rng = np.random.default_rng(2)
    at = np.arange(200)
    noise = trend(at, 100.0 + rng.normal(0.0, 40.0, 200))
    assert noise.p > 0.05
    assert noise.flat
    tiny = trend(at, 100.0 + 0.005 * at)
    assert tiny.p < 1e-6
    assert tiny.growth_mib < 2.0
    assert tiny.flat


def test_p_is_that_of_a_slope_over_its_standard_error() -> None:
    x = np.array([0.0, 1.0, 2.0, 3.0])
    y = np.array([0.0, 1.0, 1.0, 2.0])  # slope 0.6, residual variance 0.1, spread 5
    steep = 0.6 / math.sqrt(0.1 / 5.0)
    assert trend(x, y).p == pytest.approx(math.erfc(steep / math.sqrt(2.0)))


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="got 2"):
        trend([0, 1], [1.0, 1.0])


def test_resident_memory_sees_what_is_taken() -> None:
    before = resident_mib()
    taken = np.ones(8 << 20)  # 64 MiB
    assert resident_mib() - before > 48.0
    del taken


def test_memory_stays_flat_over_a_million_records_of_a_thousand_keys() -> None:
    from tests.bench.soak import Size, run_in_process

    found: dict[str, Any] = run_in_process("windows", Size(records=1_000_000, keys=1_000))
    assert found["results"] > 190 * 1_000  # 200 minutes, nearly every key in each
    assert found["flat"], found


def test_more_groups_than_may_be_kept_are_evicted_in_bounded_memory() -> None:
    from tests.bench.soak import Size, run_in_process

    found: dict[str, Any] = run_in_process("groups", Size(records=1_000_000, keys=1_000))
    assert found["evicted"] == 1_000_000 - 1_000
    assert found["results"] == 1_000_000
    # Dictionaries come and go within some MiB each; groups that stayed would be 100 MiB and more.
    assert found["growth_mib"] < 60.0, found
