"""E3: the broker dies and comes back, again and again, under load."""

from __future__ import annotations

from collections.abc import Sequence

from tests.prove import kills
from tests.prove.experiment import Context, Experiment, at_most, exactness, seconds, seed_of
from tests.prove.records import PARTITIONS, Records
from tests.prove.results import Line
from tests.prove.run import Run, make_place

_MEDIAN_S, _WORST_S = 2.0, 15.0
_RATE = 20_000.0


def run_broker_kills(context: Context, case: str) -> Line:
    """Kill the broker 30 times and restart it in order 10 times."""
    times, clean, count = (2, 1, 60_000) if context.quick else (30, 10, 2_000_000)
    cluster, folder = context.cluster(), context.run_folder()
    place = make_place(cluster, folder, PARTITIONS)
    records = Records(seed_of(case), count)
    run = Run(cluster, place, records, context.launcher(folder), rate=_RATE, quiet_s=120.0)
    line = kills.broker_kills(run, times, clean).line()
    back = line["back_median_s"], line["back_worst_s"]
    within = at_most(back[0], _MEDIAN_S) and at_most(back[1], _WORST_S)
    return {**line, "ok": bool(line["ok"]) and within}


def _summary(lines: Sequence[Line]) -> str:
    return f"{exactness(lines)}; goes on {seconds(lines, 'back_s')} after the broker's first answer"


KILLS = Experiment(
    "E3",
    "broker killed 30 times and restarted 10 times under 20,000 records a second",
    f"0 / 0 / 0; goes on in <= {_MEDIAN_S} s at the median, {_WORST_S:.0f} s at most",
    lambda _: ["seed 3"],
    run_broker_kills,
    _summary,
)
