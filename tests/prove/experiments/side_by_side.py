"""Ours and its peers, same harness, same kills."""

from __future__ import annotations

from collections.abc import Sequence

from tests.prove import kills
from tests.prove.experiment import Context, Experiment
from tests.prove.records import PARTITIONS, Records
from tests.prove.results import Line
from tests.prove.systems import SYSTEMS

_SEED = 7


def _setting(context: Context, name: str) -> tuple[kills.Place, kills.MakeWorker, float]:
    system = SYSTEMS[name]
    system.prepare(context.tools)
    cluster = context.cluster("side by side", auto_create=True)
    folder = context.run_folder()
    place = kills.make_place(cluster, folder, PARTITIONS)
    log = folder / "worker.log"
    return place, lambda at: system.worker(at, context.tools, log), system.quiet_s


def run_worker_kills(context: Context, name: str) -> Line:
    """Kill the worker ten times."""
    records = Records(_SEED, 20_000 if context.quick else 200_000)
    place, make_worker, quiet_s = _setting(context, name)
    cluster = context.cluster("side by side")
    times = 4 if context.quick else 10
    return kills.worker_kills(cluster, place, records, make_worker, times, quiet_s=quiet_s).line()


def run_broker_kills(context: Context, name: str) -> Line:
    """Kill the broker three times."""
    records = Records(_SEED, 20_000 if context.quick else 100_000)
    place, make_worker, quiet_s = _setting(context, name)
    cluster = context.cluster("side by side")
    times = 1 if context.quick else 3
    return kills.broker_kills(cluster, place, records, make_worker, times, quiet_s=quiet_s).line()


def _summary(lines: Sequence[Line]) -> str:
    return f"{sum(bool(line['ok']) for line in lines)} of {len(lines)} systems exact"


def _names(_quick: bool) -> list[str]:
    return list(SYSTEMS)


WORKER_KILLS = Experiment(
    "peers worker",
    "worker killed 10 times, 200,000 records, by system",
    "-",
    _names,
    run_worker_kills,
    _summary,
    ours=False,
)
BROKER_KILLS = Experiment(
    "peers broker",
    "broker killed 3 times, 100,000 records, by system",
    "-",
    _names,
    run_broker_kills,
    _summary,
    ours=False,
)


def table(worker: dict[str, Line], broker: dict[str, Line]) -> list[list[object]]:
    """Lay both out, a row a system."""
    rows: list[list[object]] = [
        [
            "system",
            "asked for",
            "worker kills: twice / lost / wrong",
            "back, median (worst) s",
            "CPU s",
            "broker kills: twice / lost / wrong",
            "back, median (worst) s",
        ]
    ]
    for name, system in SYSTEMS.items():
        w, b = worker.get(name, {}), broker.get(name, {})
        if w or b:
            cpu = w.get("cpu_s", "-")
            rows.append([name, system.guarantee, *_cells(w), cpu, *_cells(b)])
    return rows


def _cells(line: Line) -> list[str]:
    if not line or "error" in line:
        return [str(line.get("error", "not run")), "-"]
    exact = f"{line['twice']} / {line['lost']} / {line['wrong']}"
    if line["self_exits"]:
        exact += f", ended itself {line['self_exits']} x"
    if line["never_back"]:
        exact += f", {line['never_back']} x never back"
    return [exact, f"{line['back_median_s']} ({line['back_worst_s']})"]
