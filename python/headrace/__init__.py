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
from headrace.aggregates import (
    Aggregate,
    corr,
    count,
    first,
    kurtosis,
    last,
    max,
    mean,
    median,
    min,
    mode,
    n_unique,
    ohlc,
    quantile,
    skew,
    std,
    sum,
    top_k,
    var,
    vwap,
)
from headrace.checkpoints import checkpoints
from headrace.dead_letters import DeadLetters, dead_letters
from headrace.errors import HeadraceError
from headrace.expressions import Expr, col, lit
from headrace.grouping import GroupBy, Windowed
from headrace.live import Live
from headrace.mock import MockBroker
from headrace.replay import replay
from headrace.results import read_results, result_files
from headrace.schema import (
    CsvFormat,
    Schema,
    bool_,
    field,
    float64,
    int64,
    list_,
    nullable,
    string,
    timestamp,
    timestamp_from,
)
from headrace.sources import from_file, from_frame, kafka
from headrace.status import Status
from headrace.stream import Stream
from headrace.tables import Table, table
from headrace.waiting import run_for
from headrace.windows import (
    Window,
    all_time,
    count_window,
    hopping,
    session,
    sliding,
    trading_session,
    tumbling,
)

__all__ = [
    "Aggregate",
    "CsvFormat",
    "DeadLetters",
    "Expr",
    "GroupBy",
    "HeadraceError",
    "Live",
    "MockBroker",
    "Schema",
    "Status",
    "Stream",
    "Table",
    "Window",
    "Windowed",
    "__version__",
    "all_time",
    "bool_",
    "checkpoints",
    "col",
    "corr",
    "count",
    "count_window",
    "dead_letters",
    "errors",
    "field",
    "first",
    "flights",
    "float64",
    "from_file",
    "from_frame",
    "hopping",
    "int64",
    "kafka",
    "kurtosis",
    "last",
    "list_",
    "lit",
    "market",
    "max",
    "mean",
    "median",
    "min",
    "mode",
    "n_unique",
    "nullable",
    "ohlc",
    "quantile",
    "read_results",
    "replay",
    "result_files",
    "run_for",
    "session",
    "skew",
    "sliding",
    "std",
    "string",
    "sum",
    "ta",
    "table",
    "timestamp",
    "timestamp_from",
    "top_k",
    "trading_session",
    "tumbling",
    "var",
    "vwap",
]
