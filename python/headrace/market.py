"""A simulated stock market, for the demo, the examples and first steps without data.

Minute bars of several tickers with what real ones have: volatility that comes in clusters
(GARCH(1, 1), Bollerslev 1986), busier opens and closes, overnight gaps, minutes without a trade
and, in :func:`records`, a few records that no pipeline should trust.

Examples
--------
>>> import headrace as hr
>>> hr.market.bars(rows=300, tickers=2, seed=1)["Ticker"].unique().tolist()
['ACME', 'BOLT']
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from headrace.errors import InvalidArgument
from headrace.lazy import np, npt, pd
from headrace.schema import Schema, float64, int64, string, timestamp

__all__ = ["SCHEMA", "TICKERS", "bars", "records"]

SCHEMA = Schema(
    {
        "Date": timestamp,
        "Ticker": string,
        "Open": float64,
        "High": float64,
        "Low": float64,
        "Close": float64,
        "Adj Close": float64,
        "Volume": int64,
    },
    event_time="Date",
    key="Ticker",
)

# Invented companies: nothing here is a price that anyone paid.
TICKERS = ("ACME", "BOLT", "CRUX", "DELT", "ECHO", "FLUX", "GRIT", "HALO", "IRIS", "JADE")

_SESSION_MINUTES = 390  # 09:30 to 16:00, New York hours written as UTC
_FIRST_DAY = "2026-03-02"

if TYPE_CHECKING:
    Floats = npt.NDArray[np.float64]


def bars(rows: int = 3900, tickers: int = 5, seed: int = 1) -> pd.DataFrame:
    """Return minute bars of several tickers in event-time order.

    Parameters
    ----------
    rows : int
        Bars in all, over all tickers.
    tickers : int
        How many of :data:`TICKERS`, 1 to 10.
    seed : int
        The same seed gives the same market.

    Returns
    -------
    pandas.DataFrame
        The columns of :data:`SCHEMA`; ``Date`` is datetime64[ns, UTC].

    Examples
    --------
    >>> import headrace as hr
    >>> df = hr.market.bars(rows=6, tickers=2, seed=1)
    >>> df["Ticker"].tolist()
    ['ACME', 'BOLT', 'ACME', 'BOLT', 'ACME', 'BOLT']
    """
    if not 1 <= tickers <= len(TICKERS):
        raise InvalidArgument(f"tickers: expected 1 to {len(TICKERS)}, got {tickers}")
    if rows < 0:
        raise InvalidArgument(f"rows: expected 0 or more, got {rows}")
    rng = np.random.default_rng(seed)
    # A few more minutes than needed, as some are left out below.
    minutes = rows // tickers + rows // (tickers * 50) + 20
    parts = [_one_ticker(name, minutes, rng) for name in TICKERS[:tickers]]
    market = pd.concat(parts, ignore_index=True)
    market = market.sort_values(["Date", "Ticker"], kind="stable", ignore_index=True)
    return market.head(rows).copy()


def _one_ticker(name: str, minutes: int, rng: np.random.Generator) -> pd.DataFrame:
    minute = np.arange(minutes) % _SESSION_MINUTES
    returns = _clustered_returns(minutes, rng)
    opens = np.flatnonzero(minute == 0)[1:]
    returns[opens] += rng.normal(0, 0.012, len(opens))  # overnight gaps
    start = rng.uniform(40, 240)
    close = start * np.exp(np.cumsum(returns))
    open_ = np.concatenate(([start], close[:-1]))
    reach = np.abs(rng.normal(0, 1, (2, minutes))) * np.abs(returns).mean() * close
    high = np.maximum(open_, close) + reach[0]
    low = np.minimum(open_, close) - reach[1]
    smile = 1 + 2.5 * (2 * minute / _SESSION_MINUTES - 1) ** 2  # busy open and close
    volume = rng.lognormal(9, 0.5, minutes) * smile * (1 + 60 * np.abs(returns))
    frame = pd.DataFrame(
        {
            "Date": _session_times(minutes),
            "Ticker": name,
            "Open": open_.round(2),
            "High": high.round(2),
            "Low": low.round(2),
            "Close": close.round(2),
            "Adj Close": close.round(2),
            "Volume": volume.astype(np.int64),
        }
    )
    traded = rng.random(minutes) > 0.01  # a minute in a hundred passes without a trade
    traded[:10] = True
    return frame[traded]


def _clustered_returns(n: int, rng: np.random.Generator) -> Floats:
    """GARCH(1, 1) log returns of a minute, with a slowly turning drift."""
    noise = rng.standard_normal(n)
    omega, alpha, beta = 4e-9, 0.09, 0.89  # unconditional deviation 0.045 % a minute
    variance = omega / (1 - alpha - beta)
    returns = np.empty(n)
    for i in range(n):
        returns[i] = np.sqrt(variance) * noise[i]
        variance = omega + alpha * returns[i] ** 2 + beta * variance
    drift: Floats = 1.2e-4 * np.sin(
        2 * np.pi * np.arange(n) / rng.uniform(90, 200) + rng.uniform(0, 6)
    )
    return returns + drift


def _session_times(minutes: int) -> pd.DatetimeIndex:
    days = pd.bdate_range(_FIRST_DAY, periods=minutes // _SESSION_MINUTES + 1, tz="UTC")
    opens = days + pd.Timedelta(hours=14, minutes=30)
    stamps = opens.repeat(_SESSION_MINUTES) + pd.to_timedelta(
        np.tile(np.arange(_SESSION_MINUTES), len(days)), unit="min"
    )
    return stamps[:minutes].as_unit("ns")


def records(frame: pd.DataFrame, bad_every: int = 0) -> Iterator[tuple[bytes, bytes]]:
    """Yield the rows as Kafka key and JSON value, with a bad record now and then.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows as :func:`bars` gives them.
    bad_every : int
        After how many good records a bad one is slipped in; 0: never. In turn: cut off half way, a
        word for a price, high below low, a missing field.

    Examples
    --------
    >>> import headrace as hr
    >>> key, value = next(hr.market.records(hr.market.bars(rows=1, tickers=1, seed=1)))
    >>> key
    b'ACME'
    """
    stamps = frame["Date"].dt.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    rows: list[dict[str, Any]] = frame.assign(Date=stamps).to_dict("records")  # type: ignore[assignment]
    for i, row in enumerate(rows):
        yield row["Ticker"].encode(), json.dumps(row).encode()
        if bad_every and (i + 1) % bad_every == 0:
            yield row["Ticker"].encode(), _bad(row, (i + 1) // bad_every)


def _bad(row: dict[str, Any], turn: int) -> bytes:
    broken = dict(row)
    match turn % 4:
        case 0:
            return json.dumps(row).encode()[:40]
        case 1:
            broken["Close"] = "n/a"
        case 2:
            broken["High"] = row["Low"] - 1
        case _:
            del broken["Volume"]
    return json.dumps(broken).encode()
