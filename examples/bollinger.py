"""Bollinger bands and Aroon of every ticker of a topic, as a table and a chart; in CI and by hand.

    python bollinger.py [ticker]            # KAFKA=host:port for another broker

Exits with 0 where rows came within half a minute, else with 1.
"""

import os
import sys

import headrace as hr

bars = hr.kafka("ohlcv", bootstrap=os.environ.get("KAFKA", "localhost:9092"), key="Ticker")
features = bars.with_columns(hr.ta.bbands("Close", 20), hr.ta.aroon("High", "Low", 25))


def main(ticker: str = "AAPL") -> None:
    """Follow the topic to its end, then print the newest rows and save the chart."""
    with features.run() as live:
        chart = live.plot("Close", key=ticker)
        if not live.wait(timeout="30s", until="end") or live.status().rows == 0:
            sys.exit(f"no rows within 30 s: {live.status()}")
        print(live.frame(last=20, key=ticker).to_string())
        print(live.status())
        chart.save("bollinger.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
