"""Ours and its peers, same harness, same kills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.prove import kills
from tests.prove.experiment import Context, Experiment, at_most
from tests.prove.records import PARTITIONS, Records
from tests.prove.results import Line
from tests.prove.run import FAST, Run, make_place
from tests.prove.systems import SYSTEMS

_SEED = 7
_BROKER_RATE = 5_000.0
_BACK_MEDIAN_S, _BACK_WORST_S, _CPU_S = 1.0, 3.0, 3.4


def _run(context: Context, name: str, records: Records, rate: float = FAST) -> Run:
    """Lay a run of a system out."""
    system = SYSTEMS[name]
    system.prepare(context.tools)
    cluster = context.cluster("side by side", auto_create=True)
    folder = context.run_folder()
    return Run(
        cluster,
        make_place(cluster, folder, PARTITIONS),
        records,
        lambda place: system.worker(place, context.tools, folder / "worker.log"),
        rate=rate,
        quiet_s=system.quiet_s,
    )


def run_worker_kills(context: Context, name: str) -> Line:
    """Kill the worker ten times."""
    records = Records(_SEED, 20_000 if context.quick else 200_000)
    return kills.worker_kills(_run(context, name, records), 4 if context.quick else 10).line()


def run_broker_kills(context: Context, name: str) -> Line:
    """Kill the broker three times."""
    records = Records(_SEED, 20_000 if context.quick else 100_000)
    run = _run(context, name, records, _BROKER_RATE)
    return kills.broker_kills(run, 1 if context.quick else 3).line()


def run_back(context: Context, _case: str) -> Line:
    """Hold the system under test to what was promised about coming back."""
    line = run_worker_kills(context, context.system)
    within = (
        at_most(line["back_median_s"], _BACK_MEDIAN_S)
        and at_most(line["back_worst_s"], _BACK_WORST_S)
        and at_most(line["cpu_s"], _CPU_S)
    )
    return {**line, "ok": bool(line["ok"]) and within}


def _back_summary(lines: Sequence[Line]) -> str:
    line = lines[-1]
    return (
        f"median {line['back_median_s']} s, worst {line['back_worst_s']} s, {line['cpu_s']} CPU s; "
        f"{line['twice']} twice / {line['lost']} lost / {line['wrong']} wrong"
    )


def _summary(lines: Sequence[Line]) -> str:
    return f"{sum(bool(line['ok']) for line in lines)} of {len(lines)} systems exact"


def _names(_quick: bool) -> list[str]:
    return list(SYSTEMS)


BACK = Experiment(
    "back",
    "back after kill -9: from process start to the first new committed result (10 kills)",
    f"median <= {_BACK_MEDIAN_S} s, worst <= {_BACK_WORST_S} s, <= {_CPU_S} CPU s",
    lambda _: ["seed 7"],
    run_back,
    _back_summary,
)
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


def table(worker: Mapping[str, Line], broker: Mapping[str, Line]) -> list[list[object]]:
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
            rows.append([name, system.guarantee, *_cells(w), w.get("cpu_s", "-"), *_cells(b)])
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
