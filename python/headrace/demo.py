"""``headrace demo``: from Kafka bytes to a prediction in a live frame, and its picture."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace import market, ta
from headrace.errors import HeadraceError, RejectedWarning
from headrace.expressions import col
from headrace.lazy import np, pd
from headrace.mock import MockBroker
from headrace.replay import flush
from headrace.sources import from_frame, kafka
from headrace.stream import Stream

if TYPE_CHECKING:
    from headrace.live import Live

__all__ = ["features", "run", "train"]

_TICKERS = 5
_SESSIONS = 4  # three to learn from, one to be judged on
_HORIZON = 15  # minutes ahead that the classifier looks
_BAD_EVERY = 400
INPUTS = ("rsi", "aroon_up", "aroon_down", "band", "momentum", "trend")


def features(bars: Stream) -> Stream:
    """Return the demo's pipeline: rules, indicators, and the model's inputs.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.demo import features
    >>> bars = hr.kafka("stocks", schema=hr.market.SCHEMA)
    >>> features(bars).columns[-3:]
    ['band', 'momentum', 'trend']
    """
    return bars.validate(col("High") >= col("Low"), col("Volume") >= 0).with_columns(
        ta.bbands("Close", timeperiod=20),
        ta.aroon("High", "Low", timeperiod=25),
        ta.macd("Close"),
        ta.pvt("Close", "Volume"),
        rsi=ta.rsi("Close", timeperiod=14),
        band=ta.zscore("Close", timeperiod=20),
        momentum=ta.roc("Close", timeperiod=10),
        trend=ta.roc("Close", timeperiod=40),
    )


def train(table: pd.DataFrame, path: Path, seed: int = 1) -> float:
    """Train an up/down classifier on computed features and export it to TorchScript.

    Parameters
    ----------
    table : pandas.DataFrame
        Output of :func:`features`.
    path : Path
        Where the TorchScript file goes.
    seed : int
        Of the weights and the order of rows.

    Returns
    -------
    float
        Share of training rows that it gets right.
    """
    import torch

    torch.manual_seed(seed)
    ahead = table.groupby("Ticker")["Close"].shift(-_HORIZON)
    known = table.loc[ahead.notna(), list(INPUTS)].notna().all(axis=1)
    rows = known.index[known]
    x = torch.tensor(table.loc[rows, list(INPUTS)].to_numpy(np.float32))
    y = torch.tensor((ahead > table["Close"]).loc[rows].to_numpy(np.float32))[:, None]
    # The scale of each feature goes into the model, so that the core feeds raw columns.
    network = torch.nn.Sequential(
        _standardise(x.mean(0), x.std(0)),
        torch.nn.Linear(len(INPUTS), 32),
        torch.nn.ReLU(),
        torch.nn.Linear(32, 1),
        torch.nn.Sigmoid(),
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.01, weight_decay=0.02)
    loss_of = torch.nn.BCELoss()
    for _ in range(150):
        optimiser.zero_grad()
        loss = loss_of(network(x), y)
        loss.backward()
        optimiser.step()
    network.eval()
    with torch.no_grad():
        accuracy = float(((network(x) > 0.5) == (y > 0.5)).float().mean())
        _export(network, x[:4], path)
    return accuracy


def _standardise(mean: Any, deviation: Any) -> Any:
    """Return a module that scales features; made here because torch is optional."""
    import torch

    class Standardise(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("mean", mean)
            self.register_buffer("deviation", deviation)

        def forward(self, x: Any) -> Any:
            return (x - self.mean) / self.deviation

    return Standardise()


def _export(network: Any, example: Any, path: Path) -> None:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated upstream, yet alive
        torch.jit.trace(network, example).save(str(path))  # type: ignore[no-untyped-call]


def run(
    bootstrap: str | None = None,
    out: str | Path = "headrace-demo.png",
    seconds: float = 6.0,
    seed: int = 7,
) -> pd.DataFrame:
    """Run the demo: produce a market, consume it live, predict, show a table, save a chart.

    Parameters
    ----------
    bootstrap : str, optional
        A real broker; default: an in-process one.
    out : str or Path
        Where the chart goes, ``.png`` or ``.html``.
    seconds : float
        How long the simulated market takes.
    seed : int
        The same seed gives the same market and model.

    Returns
    -------
    pandas.DataFrame
        The newest row of each ticker.
    """
    frame, split = _sessions(seed)
    with _broker(bootstrap) as (where, topic), tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "updown.pt"
        history = frame[frame["Date"] < split]
        print(f"training an up/down classifier on {len(history):,} bars ...")
        learnt = train(features(from_frame(history, schema=market.SCHEMA)).collect(), model)
        bars = kafka(topic, bootstrap=where, schema=market.SCHEMA)
        stream = features(bars).predict(model, inputs=INPUTS, outputs=["p_up"])
        records = list(market.records(frame, bad_every=_BAD_EVERY))
        with _quiet_rejects(), stream.run() as live:
            _feed(live, records, topic, where, seconds)
            chart = live.plot(
                *("Close", "aroon_up", "aroon_down", "p_up"),
                bands="bbands",
                key=market.TICKERS[0],
                last=int(((frame["Date"] >= split) & (frame["Ticker"] == market.TICKERS[0])).sum()),
                title=f"{market.TICKERS[0]}: the last session, not seen in training",
            )
            saved = chart.save(out)
            return _report(live, learnt, split, saved)


@contextlib.contextmanager
def _quiet_rejects() -> Iterator[None]:
    """Leave the warnings of dead letters out: the demo counts them on a line of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RejectedWarning)
        yield


def _sessions(seed: int) -> tuple[pd.DataFrame, pd.Timestamp]:
    """Return whole sessions of the market, and when the one begins that is not learnt from."""
    bars = market.bars(rows=(_SESSIONS + 1) * 390 * _TICKERS, tickers=_TICKERS, seed=seed)
    day = bars["Date"].dt.normalize()
    days = day.unique()[:_SESSIONS]
    return bars[day <= days[-1]], days[-1]


@contextlib.contextmanager
def _broker(bootstrap: str | None) -> Iterator[tuple[str, str]]:
    """Where to connect and a topic of the demo's own."""
    if bootstrap is None:
        with MockBroker(stocks=2) as broker:
            print(f"in-process broker on {broker.bootstrap}, topic stocks")
            yield broker.bootstrap, "stocks"
        return
    from headrace import _core

    topic = f"headrace-demo-{int(time.time())}"
    admin = _core.Admin(bootstrap, {})
    admin.create_topic(topic, 2, {}, 10_000)
    print(f"broker {bootstrap}, topic {topic}")
    try:
        yield bootstrap, topic
    finally:
        admin.delete_topic(topic, 10_000)


def _feed(
    live: Live, records: list[tuple[bytes, bytes]], topic: str, where: str, seconds: float
) -> None:
    """Produce the market in the background, and show what has come through until all of it has."""
    from headrace import _core

    producer = _core.Producer(where, {})
    started = time.monotonic()
    failures: list[HeadraceError] = []

    def market_opens() -> None:
        """Send what is due by now, twenty times a second."""
        sent = 0
        try:
            while sent < len(records):
                due = len(records) * (time.monotonic() - started + 0.05) / max(seconds, 0.05)
                part = records[sent : int(due)]
                producer.produce(topic, list(part), [])
                sent += len(part)
                producer.poll()
                time.sleep(0.05)
            flush(producer, where)
        except HeadraceError as error:
            failures.append(error)

    feeder = threading.Thread(target=market_opens, name="headrace-demo-market")
    feeder.start()
    deadline = time.monotonic() + seconds + 60
    while (status := live.status()).records < len(records):
        _progress_line(status.records, len(records), sum(status.rejected.values()))
        if failures or time.monotonic() > deadline or live.wait(timeout=0.1):
            break
    feeder.join()
    if failures:
        raise failures[0]
    _progress_line(status.records, len(records), sum(status.rejected.values()), end="\n")


def _progress_line(done: int, total: int, rejected: int, end: str = "") -> None:
    if not sys.stdout.isatty() and not end:
        return
    filled = round(30 * done / max(total, 1))
    bar = "#" * filled + "." * (30 - filled)
    print(f"\r[{bar}] {done:,}/{total:,} records, {rejected} rejected", end=end, flush=True)


def _report(live: Live, learnt: float, split: pd.Timestamp, saved: Path) -> pd.DataFrame:
    table = live.frame(last=100_000)
    ahead = table.groupby("Ticker")["Close"].shift(-_HORIZON)
    judged = table[(table["Date"] >= split) & table["p_up"].notna() & ahead.notna()]
    rose = (ahead.loc[judged.index] > judged["Close"]).to_numpy()
    right = float(((judged["p_up"] > 0.5).to_numpy() == rose).mean())
    newest = table.groupby("Ticker").tail(1).sort_values("Ticker")
    shown = newest[
        ["Ticker", "Date", "Close", "bbands_lower", "bbands_upper", "aroon_up", "rsi", "p_up"]
    ]
    print(shown.to_string(index=False, float_format=lambda v: f"{v:.2f}"))
    print(f"{live.status()}")
    print(
        f"up or down in {_HORIZON} minutes: right in {learnt:.0%} of the bars it learnt from, "
        f"{right:.0%} of {len(judged):,} bars it had not seen (always up: {rose.mean():.0%})"
    )
    print(f"chart: {saved.resolve()}")
    return newest
