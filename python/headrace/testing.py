"""Tests of pipelines without a broker: records in, frame out; and results the same to the bit.

For pytest there is the fixture ``headrace_broker`` (see :mod:`headrace.pytest_plugin`).

Examples
--------
>>> import headrace as hr
>>> from headrace import testing
>>> bars = hr.kafka("bars", schema=hr.Schema({"Ticker": hr.string, "Close": hr.float64}))
>>> changes = bars.with_columns(change=hr.col("Close") - hr.col("Close").shift(1))
>>> testing.run(changes, [{"Ticker": "IBM", "Close": 2.0}, {"Ticker": "IBM", "Close": 2.5}])
  Ticker  Close  change
0    IBM    2.0     NaN
1    IBM    2.5     0.5
"""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

from headrace.arguments import names_checked
from headrace.bits import difference
from headrace.encoding import pairs_of
from headrace.errors import InvalidArgument
from headrace.in_process import Topic, stream_over
from headrace.live import Live
from headrace.waiting import wait

if TYPE_CHECKING:
    import pandas as pd

    from headrace.encoding import Pair
    from headrace.stream import Stream

__all__ = ["assert_batch_invariant", "assert_same_bits", "run"]

_TIMEOUT_S = 60.0  # in-process: longer is a hang


@overload
def run(stream: Stream, records: Any, *, rejected: Literal[False] = False) -> pd.DataFrame: ...
@overload
def run(
    stream: Stream, records: Any, *, rejected: Literal[True]
) -> tuple[pd.DataFrame, pd.DataFrame]: ...
@names_checked
def run(
    stream: Stream, records: Any, *, rejected: bool = False
) -> pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]:
    """Run the steps of a stream over records in hand, and return every result.

    The records take the whole way: as bytes through a topic of one partition in this process, the
    stream's decoder, its schema, its steps. Nothing of the stream's own topic, group or
    ``to_kafka`` is touched, and no broker is needed.

    Parameters
    ----------
    stream : Stream
        What is tested. Where its columns are not known (no schema was given and the topic could not
        be looked at), they are inferred from the records.
    records : iterable or DataFrame
        In their order, each a dict (becomes JSON, or CSV for a CSV topic; NaN and None become
        null; the key column's value becomes the Kafka key), bytes or text (the value as it is),
        None (a null value, a tombstone), or a pair ``(key, value)`` of such; or the rows of a
        frame.
    rejected : bool
        Whether to return ``(result, dead letters)``. Otherwise rejected records are counted in a
        :class:`~headrace.errors.RejectedWarning`.

    Returns
    -------
    pandas.DataFrame
        Rows ordered by event time, then as they came, like those of :meth:`Stream.collect`. The
        dead letters' offsets count the records from 0.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace import testing
    >>> bars = hr.kafka("bars", schema=hr.Schema({"Ticker": hr.string, "Close": hr.float64}))
    >>> good, bad = testing.run(bars, [{"Ticker": "IBM", "Close": "n/a"}, b"{"], rejected=True)
    >>> len(good), bad["reason"].tolist(), bad["offset"].tolist()
    (0, ['wrong_type', 'invalid_json'], [0, 1])
    """
    topic = Topic()
    topic.write(_pairs(stream, records))
    over = stream_over(stream, [topic])
    if not rejected:
        result: pd.DataFrame = over.collect()
        return result
    good, bad = over.collect(rejected=True)
    return good, bad.replace(topic.name, "records")


def _pairs(stream: Stream, records: Any) -> list[Pair]:
    pending = stream._pending
    key = stream._schema.key if pending is None else pending._roles["key"]
    return pairs_of(records, key=key, form=stream._format_of(stream._source))


def assert_same_bits(left: Any, right: Any) -> None:
    """Raise AssertionError unless both are the same to the bit.

    Parameters
    ----------
    left, right : DataFrame, Live or dict
        Frames (columns, kinds of type and values; not the index), running or ended streams, or
        what :meth:`Live.digest` returned. Two streams that run with ``digest=True`` are compared
        by digest, that is, over everything they put out; else by the rows in their history. All
        NaNs are one, as for the digest; -0.0 is not 0.0.

    Raises
    ------
    AssertionError
        With the first row and column that differ and both values, in hexadecimal, too.

    Examples
    --------
    >>> import pandas as pd
    >>> from headrace.testing import assert_same_bits
    >>> assert_same_bits(pd.DataFrame({"x": [1.0]}), pd.DataFrame({"x": [1.0]}))
    >>> assert_same_bits(pd.DataFrame({"x": [1.0, 0.0]}), pd.DataFrame({"x": [1.0, -0.0]}))
    Traceback (most recent call last):
    AssertionError: row 1, column "x": 0.0 (0x0000000000000000) is not -0.0 (0x8000000000000000)
    """
    __tracebackhide__ = True
    found = difference(left, right)
    if found is not None:
        raise AssertionError(found)


class _Cut(NamedTuple):
    """One way to run the same records."""

    batch_rows: int
    threads: int
    edges: tuple[int, ...]  # where writing pauses; empty: all is there before the start

    def __str__(self) -> str:
        text = f"in batches of {self.batch_rows} on {self.threads} threads"
        if not self.edges:
            return text
        return f"{text}, arriving in pieces cut at {', '.join(map(str, self.edges))}"


class _Outcome(NamedTuple):
    digest: dict[str, str]
    rejected: dict[str, int]
    rows: int


@names_checked
def assert_batch_invariant(stream: Stream, records: Any, *, cuts: int = 12, seed: int = 0) -> None:
    """Raise AssertionError where the results depend on how the records are cut into batches.

    The stream is run over all records at once, then in batches of one row, of two, and of random
    sizes, on one thread and on several, and with the records arriving in random pieces while it
    runs. Every digest and every count of rejects must be the same.

    Parameters
    ----------
    stream : Stream
        What is tested, e.g. one with a model.
    records : iterable or DataFrame
        As for :func:`run`; some hundreds make it thorough.
    cuts : int
        How many ways are tried.
    seed : int
        Of the random sizes and pieces.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.testing import assert_batch_invariant
    >>> bars = hr.kafka("bars", schema=hr.market.SCHEMA).with_columns(hr.ta.bbands("Close", 20))
    >>> assert_batch_invariant(bars, hr.market.bars(rows=200, tickers=2, seed=1), cuts=4)
    """
    __tracebackhide__ = True
    if cuts < 1:
        raise InvalidArgument(f"assert_batch_invariant: cuts: expected 1 or more, got {cuts}")
    pairs = _pairs(stream, records)
    whole = Topic()
    whole.write(pairs)
    stream = stream_over(stream, [whole])
    at_end = _outcome(stream, batch_rows=4096, threads=1)
    stopped: _Outcome | None = None  # without what comes only at an end, such as an open window
    for cut in itertools.islice(_ways(len(pairs), random.Random(seed)), cuts):
        expected = at_end
        if cut.edges:
            stopped = expected = stopped or _in_pieces(stream, pairs, _Cut(4096, 1, ()))
            found = _in_pieces(stream, pairs, cut)
        else:
            found = _outcome(stream, batch_rows=cut.batch_rows, threads=cut.threads)
        if (said := _unlike(expected, found)) is not None:
            raise AssertionError(f"{cut}: {said}")


def _ways(records: int, chance: random.Random) -> Any:
    for batch_rows in (1, 2):
        yield _Cut(batch_rows, 1, ())
    while True:
        batch_rows = chance.randint(1, max(records, 2))
        threads = chance.randint(1, 4)
        yield _Cut(batch_rows, threads, ())
        pieces = min(chance.randint(1, 8), max(records - 1, 0))
        edges = tuple(sorted(chance.sample(range(1, records), pieces))) if pieces else ()
        yield _Cut(batch_rows, threads, edges)


def _outcome(over: Stream, **options: Any) -> _Outcome:
    with Live._start(over, over._source, digest=True, **options) as live:
        if not wait(live, _TIMEOUT_S, progress=False):
            raise AssertionError(f"not finished within {_TIMEOUT_S:g} s: {live.status()}")
        return _looked_at(live)


def _in_pieces(stream: Stream, pairs: list[Pair], cut: _Cut) -> _Outcome:
    topic = Topic()
    over = stream_over(stream, [topic], bounded=False)
    options: dict[str, Any] = {"batch_rows": cut.batch_rows, "threads": cut.threads}
    with Live._start(over, over._source, digest=True, **options) as live:
        for first, last in itertools.pairwise((0, *cut.edges, len(pairs))):
            topic.write(pairs[first:last])
            if not wait(live, _TIMEOUT_S, records=last, progress=False):
                raise AssertionError(f"{cut}: stands still at {live.status()}")
        wait(live, _TIMEOUT_S, until="end", progress=False)
        live.stop()  # what sort_within still holds comes out
        return _looked_at(live)


def _looked_at(live: Live) -> _Outcome:
    status = live._engine.status()
    return _Outcome(live.digest(), dict(status["rejected"]), status["rows"])


def _unlike(expected: _Outcome, found: _Outcome) -> str | None:
    if expected.rows != found.rows:
        return f"{found.rows} rows, {expected.rows} in one piece"
    if expected.rejected != found.rejected:
        return f"rejected {found.rejected}, {expected.rejected} in one piece"
    return difference(expected.digest, found.digest)
