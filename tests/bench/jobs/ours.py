"""The stream that our jobs share, written as a user would."""

from __future__ import annotations

import headrace as hr
from headrace import Live, Stream
from tests.bench.jobs.base import FEATURES, INDICATORS, LAST_ROWS, OUTPUT, JobConfig, JobResult

SCHEMA = hr.Schema(
    {
        "Date": hr.timestamp,
        "Ticker": hr.string,
        "Open": hr.float64,
        "High": hr.float64,
        "Low": hr.float64,
        "Close": hr.float64,
        "Adj Close": hr.float64,
        "Volume": hr.int64,
    },
    event_time="Date",
    key="Ticker",
)


def bars(config: JobConfig) -> Stream:
    """J1: the topic up to its present end, in typed columns."""
    return hr.kafka(
        config.topic,
        bootstrap=config.bootstrap,
        schema=SCHEMA,
        until="end",
        ingest_threads=int(config.options.get("ingest_threads", "1")),
        config={k.removeprefix("kafka."): v for k, v in config.options.items() if "kafka." in k},
    )


def features(config: JobConfig) -> Stream:
    """J2: bars and six indicator columns per ticker."""
    stream = bars(config).with_columns(
        hr.ta.bbands("Close", timeperiod=20),
        hr.ta.aroon("High", "Low", timeperiod=25),
        rsi=hr.ta.rsi("Close", timeperiod=14),
    )
    missing = set(INDICATORS) - set(stream.columns)
    if missing:
        raise RuntimeError(f"columns {sorted(missing)} are not in {stream.columns}")
    return stream


def predictions(config: JobConfig) -> Stream:
    """J3: J2 and the model's score of every row."""
    return features(config).predict(config.model, inputs=FEATURES, outputs=[OUTPUT])


def start(stream: Stream, config: JobConfig) -> Live:
    """Run a stream with a checksum of every output."""
    return stream.run(
        history=LAST_ROWS, digest=True, threads=int(config.options.get("threads", "1"))
    )


def finish(live: Live, extra: dict[str, float] | None = None) -> JobResult:
    """Wait for the end, take the last rows as pandas and the checksums."""
    live.wait()
    last = live.frame(last=LAST_ROWS)
    status = live.status()
    result = JobResult(
        status.rows,
        {f"digest of {name}": value for name, value in live.digest().items()},
        {"frame_rows": float(len(last)), "pauses": float(status.pauses), **(extra or {})},
    )
    live.stop()
    return result
