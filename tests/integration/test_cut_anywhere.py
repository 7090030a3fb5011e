"""Any stream, cut anywhere and batched anyhow, gives the same digest."""

import functools
import itertools

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import headrace as hr
from headrace import _core
from headrace.replay import flush
from tests.integration.support import features

FRAME = hr.market.bars(rows=1500, tickers=3, seed=21)
STREAM = features(hr.kafka("bars", schema=hr.market.SCHEMA)).with_columns(
    hr.ta.macd("Close"),
    hr.ta.pvt("Close", "Volume"),
    up=hr.col("Close") > hr.col("Close").shift(1),
)


def digest(frame: pd.DataFrame, batch_rows: int, ring: int, threads: int) -> dict[str, str]:
    source = hr.from_frame(frame, schema=hr.market.SCHEMA)._source
    plan = _core.Plan(STREAM._plan_text(source), [])
    options = {"digest": True, "batch_rows": batch_rows, "ring_batches": ring, "threads": threads}
    engine = _core.Engine(plan, [source.open(hr.market.SCHEMA)], [], options)
    engine.start()
    while not engine.wait(50):
        pass
    assert engine.failure() is None
    result = engine.digest()
    engine.stop()
    return result


EXPECTED = digest(FRAME, 4096, 64, 1)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(batch_rows=st.integers(1, 2000), ring=st.integers(1, 64), threads=st.integers(1, 4))
def test_batches_rings_and_threads_never_show(batch_rows: int, ring: int, threads: int) -> None:
    assert digest(FRAME, batch_rows, ring, threads) == EXPECTED


def through_a_broker(edges: list[int], partitions: int) -> dict[str, str]:
    """The same records through an in-process broker, produced in pieces while the stream runs."""
    records = list(hr.market.records(FRAME))
    with hr.MockBroker(bars=partitions) as broker:
        bars = hr.kafka("bars", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA)
        stream = hr.Stream(bars._source, bars._schema, STREAM._steps)
        producer = _core.Producer(broker.bootstrap, {})
        with stream.run(digest=True) as live:
            for first, last in itertools.pairwise(edges):
                producer.produce("bars", records[first:last], [])
                flush(producer, broker.bootstrap)
            live._engine.wait_rows(len(FRAME) - 1, 60_000)
            assert live.status().rows == len(FRAME)
            return live.digest()


@functools.cache
def in_one_piece(partitions: int) -> dict[str, str]:
    return through_a_broker([0, len(FRAME)], partitions)


def test_a_broker_with_one_partition_is_the_same_as_a_frame() -> None:
    assert in_one_piece(1) == EXPECTED


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cuts=st.lists(st.integers(1, 1499), max_size=12), partitions=st.integers(1, 3))
def test_polls_cut_anywhere_never_show(cuts: list[int], partitions: int) -> None:
    edges = [0, *sorted(set(cuts)), len(FRAME)]
    assert through_a_broker(edges, partitions) == in_one_piece(partitions)
