"""Replay a frame or file into a Kafka topic, in event-time order."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace import frames
from headrace.arguments import names_checked
from headrace.errors import BrokerUnavailable, InvalidArgument, UnknownColumn
from headrace.lazy import pd

if TYPE_CHECKING:
    from headrace import _core

__all__ = ["produce", "replay"]

_CHUNK = 5000  # rows encoded at a time
_FLUSH_SLICE_MS = 50  # so that Ctrl-C is noticed
_TIME_NAMES = ("date", "time", "timestamp", "datetime", "event_time", "ts", "time_hour", "ds")

Pair = tuple[bytes | None, bytes | None]


@names_checked
def replay(
    data: Any,
    *,
    to: str,
    bootstrap: str = "localhost:9092",
    key: str | None = None,
    event_time: str | None = None,
    speed: str | float | None = None,
    progress: bool = True,
    config: Mapping[str, str] | None = None,
) -> int:
    """Write the rows of a frame or file to a topic, one JSON object a record.

    Parameters
    ----------
    data : DataFrame, PyArrow table, or path
        A ``.csv`` or ``.parquet`` file, or rows in memory.
    to : str
        Topic.
    bootstrap : str
        Brokers.
    key : str, optional
        Column that becomes the Kafka key, so that its values keep to one partition.
    event_time : str, optional
        Column that orders the rows and becomes the Kafka timestamp. Default: the one column that is
        a time by type or by name, if there is just one; rows keep their order where there is none.
    speed : str or float, optional
        ``"60x"`` or 60: an hour of event time in a minute. Default: as fast as possible.
    progress : bool
        Whether to show a progress bar (needs tqdm) once it takes longer than a second.
    config : mapping, optional
        Further librdkafka settings.

    Returns
    -------
    int
        Records acknowledged by the broker.

    Raises
    ------
    UnknownColumn
        If `key` or `event_time` is not among the columns.
    InvalidArgument
        If the speed is not a positive number, or the event time is not one.
    KafkaError
        If records could not be delivered.

    Examples
    --------
    >>> import headrace as hr
    >>> with hr.MockBroker(stocks=1) as broker:
    ...     hr.replay(hr.market.bars(rows=50, tickers=1, seed=1), to="stocks",
    ...               bootstrap=broker.bootstrap, key="Ticker")
    50
    """
    from headrace import _core

    factor = _speed(speed)
    table = _table(data)
    for name in (key, event_time):
        if name is not None and name not in table.columns:
            raise UnknownColumn(_core.unknown_name("column", name, list(table.columns)))
    time_column = event_time or _time_column(table)
    times = None
    if time_column is not None:
        times = _times(table[time_column], time_column)
        order = times.argsort(kind="stable")
        table, times = table.iloc[order], times.iloc[order]
    elif factor is not None:
        raise InvalidArgument("speed: needs event_time=, no column is clearly a time")
    producer = _core.Producer(bootstrap, dict(config or {}))
    with _progress(len(table), to, progress) as bar:
        _produce_paced(producer, to, table, key, times, factor, bar)
        flush(producer, bootstrap)
    return int(producer.counts()[1])


def produce(
    records: Iterator[Pair] | list[Pair], *, to: str, bootstrap: str = "localhost:9092"
) -> int:
    """Write ready-made ``(key, value)`` pairs of bytes to a topic and return how many went in.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.replay import produce
    >>> with hr.MockBroker(raw=1) as broker:
    ...     produce([(b"k", b"{}"), (None, b"not json")], to="raw", bootstrap=broker.bootstrap)
    2
    """
    from headrace import _core

    producer = _core.Producer(bootstrap, {})
    producer.produce(to, list(records), [])
    flush(producer, bootstrap)
    return int(producer.counts()[1])


def _speed(speed: str | float | None) -> float | None:
    if speed is None or speed == "max":
        return None
    try:
        factor = float(speed.removesuffix("x")) if isinstance(speed, str) else float(speed)
    except ValueError:
        factor = math.nan
    if not factor > 0 or math.isinf(factor):
        raise InvalidArgument(f'speed: expected a positive number such as "60x", got {speed!r}')
    return factor


def _table(data: Any) -> pd.DataFrame:
    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, (str, Path)):
        return _read(Path(data))
    kind = frames.kind_of(data)
    if kind in ("polars", "pyarrow"):
        frame: pd.DataFrame = data.to_pandas()
        return frame
    table: pd.DataFrame = frames._require("pyarrow", "arrow").table(data).to_pandas()
    return table


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise InvalidArgument(f"no file {str(path)!r}")
    if path.suffix in (".parquet", ".pq"):
        frames._require("pyarrow", "arrow")
        return pd.read_parquet(path)
    if path.suffix == ".csv" or path.suffixes[-2:-1] == [".csv"]:
        # Nullable types, so that a column of whole numbers with gaps stays whole numbers. Older
        # pandas rounds the last digit of a number unless told otherwise.
        exact: dict[str, Any] = {} if pd.__version__ >= "3" else {"float_precision": "round_trip"}
        table: pd.DataFrame = pd.read_csv(path, dtype_backend="numpy_nullable", **exact)
        return table
    raise InvalidArgument(f"expected a file ending in .csv or .parquet, got {str(path)!r}")


def _time_column(table: pd.DataFrame) -> str | None:
    by_type = [c for c in table.columns if pd.api.types.is_datetime64_any_dtype(table[c])]
    candidates = by_type or [c for c in table.columns if str(c).lower() in _TIME_NAMES]
    return str(candidates[0]) if len(candidates) == 1 else None


def _times(column: pd.Series[Any], name: str) -> pd.Series[Any]:
    try:
        times = pd.to_datetime(column, utc=True, format="ISO8601" if _is_text(column) else None)
    except (ValueError, TypeError) as error:
        raise InvalidArgument(f"event_time: column {name!r} is not a time: {error}") from error
    return times.astype("datetime64[ns, UTC]")


def _is_text(column: pd.Series[Any]) -> bool:
    return bool(pd.api.types.is_string_dtype(column) or pd.api.types.is_object_dtype(column))


def _encoded(table: pd.DataFrame, key: str | None) -> list[Pair]:
    """Rows as JSON; gaps become null, times ISO 8601."""
    columns = {str(c): _plain(table[c]) for c in table.columns}
    names = list(columns)
    values = [
        json.dumps(dict(zip(names, row, strict=True)), allow_nan=False).encode()
        for row in zip(*columns.values(), strict=True)
    ]
    if key is None:
        return [(None, value) for value in values]
    return [
        (None if k is None else str(k).encode(), value)
        for k, value in zip(columns[key], values, strict=True)
    ]


def _plain(column: pd.Series[Any]) -> list[Any]:
    if pd.api.types.is_datetime64_any_dtype(column):
        utc = column.dt.tz_convert("UTC") if column.dt.tz is not None else column
        return [None if t is pd.NaT else f"{t.tz_localize(None).isoformat()}Z" for t in utc]
    gaps = column.isna()
    values = column.tolist()
    return [None if gap else v for gap, v in zip(gaps, values, strict=True)]


def _produce_paced(
    producer: _core.Producer,
    topic: str,
    table: pd.DataFrame,
    key: str | None,
    times: pd.Series[Any] | None,
    factor: float | None,
    bar: Any,
) -> None:
    started = time.monotonic()
    first_ns = None if times is None or times.empty else times.iloc[0].value
    for at in range(0, len(table), _CHUNK):
        part = table.iloc[at : at + _CHUNK]
        pairs = _encoded(part, key)
        stamps = [] if times is None else [t.value for t in times.iloc[at : at + _CHUNK]]
        if factor is None:
            producer.produce(topic, pairs, [ns // 1_000_000 for ns in stamps])
            bar.update(len(pairs))
            continue
        for pair, ns in zip(pairs, stamps, strict=True):
            due = started + (ns - first_ns) / 1e9 / factor
            while (wait := due - time.monotonic()) > 0:
                producer.poll()
                time.sleep(min(wait, 0.05))
            producer.produce(topic, [pair], [ns // 1_000_000])
            bar.update(1)


def flush(producer: _core.Producer, bootstrap: str, timeout: float = 60.0) -> None:
    """Wait until everything produced was acknowledged; what is left at the timeout is dropped."""
    deadline = time.monotonic() + timeout
    try:
        while not producer.try_flush(_FLUSH_SLICE_MS):
            if time.monotonic() > deadline:
                done = producer.counts()
                raise BrokerUnavailable(
                    f"{done[0] - done[1]} of {done[0]} records were not acknowledged by "
                    f"{bootstrap} within {timeout:g} s"
                )
    except BaseException:
        producer.purge()
        raise


class _NoBar:
    def update(self, n: int) -> None:
        """Show nothing."""

    def __enter__(self) -> _NoBar:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _progress(total: int, topic: str, wanted: bool) -> Any:
    if wanted:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            return _NoBar()
        return tqdm(total=total, desc=f"replay to {topic}", unit=" records", delay=1)
    return _NoBar()
