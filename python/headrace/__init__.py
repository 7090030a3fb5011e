"""headrace: Kafka streams to notebooks and models, with the same bits in backtest and live.

Examples
--------
>>> import headrace as hr
>>> df = hr.market.bars(rows=500, tickers=3, seed=7)
>>> bars = hr.from_frame(df, schema=hr.market.SCHEMA)
>>> bars.with_columns(hr.ta.rsi("Close", timeperiod=14)).collect().shape
(500, 9)
"""

from headrace import errors, flights, market, ta
from headrace._core import __version__
from headrace.errors import HeadraceError
from headrace.expressions import Expr, col, lit
from headrace.live import Live
from headrace.mock import MockBroker
from headrace.replay import replay
from headrace.schema import (
    CsvFormat,
    Schema,
    bool_,
    field,
    float64,
    int64,
    nullable,
    string,
    timestamp,
    timestamp_from,
)
from headrace.sources import from_file, from_frame, kafka
from headrace.status import Status
from headrace.stream import Stream
from headrace.waiting import run_for

__all__ = [
    "CsvFormat",
    "Expr",
    "HeadraceError",
    "Live",
    "MockBroker",
    "Schema",
    "Status",
    "Stream",
    "__version__",
    "bool_",
    "col",
    "errors",
    "field",
    "flights",
    "float64",
    "from_file",
    "from_frame",
    "int64",
    "kafka",
    "lit",
    "market",
    "nullable",
    "replay",
    "run_for",
    "string",
    "ta",
    "timestamp",
    "timestamp_from",
]
