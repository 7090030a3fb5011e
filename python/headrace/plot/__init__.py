"""Live pictures of a stream: lines, candles, bars, distributions, scatter.

A chart takes a snapshot of the newest rows at most 20 times a second and never touches the stream:
a slow drawing is drawn less often, records are consumed at the same rate. Matplotlib makes the
picture once; afterwards only what moves is drawn again, over what does not.
"""

from headrace.plot.chart import Chart

__all__ = ["Chart"]
