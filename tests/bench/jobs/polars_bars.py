"""Bars by Polars' ``group_by_dynamic``: of a whole table, and in micro-batches."""

from __future__ import annotations

import polars as pl


def aggregates(price: str, volume: str) -> list[pl.Expr]:
    """List the columns of a bar."""
    value = pl.col(price)
    return [
        value.first().alias("open"),
        value.max().alias("high"),
        value.min().alias("low"),
        value.last().alias("close"),
        ((value * pl.col(volume)).sum() / pl.col(volume).sum()).alias("vwap"),
        pl.len().alias("count"),
    ]


def dynamic(
    rows: pl.DataFrame, every: str, *, time: str, key: str, price: str, volume: str
) -> pl.DataFrame:
    """Compute the bars of rows that are in the order of their times."""
    windows = rows.group_by_dynamic(time, every=every, group_by=key)
    return windows.agg(aggregates(price, volume))


class MicroBatchBars:
    """W1's bars, batch by batch: the rows of the forming window wait for the next batch.

    Rows come in the order of their times, so every window but the newest is complete, for all
    tickers at once. Each row is aggregated exactly once.
    """

    def __init__(self, every: str) -> None:
        self._every = every
        self._forming: list[pl.DataFrame] = []

    def update(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Add a batch; give the bars that it completes."""
        rows = batch.select(pl.col("Date").set_sorted(), "Ticker", "Close", "Volume")
        newest = rows["Date"].tail(1).dt.truncate(self._every)
        cut = rows["Date"].search_sorted(newest[0])
        begun = self._forming and self._forming[0]["Date"][0] < newest[0]
        if cut == 0 and not begun:
            self._forming.append(rows)
            return self._bars(rows.clear())
        complete = pl.concat([*self._forming, rows[:cut]])
        self._forming = [rows[cut:]]
        return self._bars(complete)

    def finish(self) -> pl.DataFrame:
        """Give the bars that were forming at the end."""
        rows, self._forming = pl.concat(self._forming), []
        return self._bars(rows)

    def _bars(self, rows: pl.DataFrame) -> pl.DataFrame:
        rows = rows.with_columns(pl.col("Date").set_sorted())
        return dynamic(rows, self._every, time="Date", key="Ticker", price="Close", volume="Volume")
