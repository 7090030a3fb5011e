"""E30, E33, E34, E35: kernels that are restarted, rows that are kept, callbacks, slow cells."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import headrace as hr
from tests.prove import cells
from tests.prove.cluster import Cluster
from tests.prove.experiment import Context, Experiment, seconds
from tests.prove.results import Line, add_up

_ROOT = Path(__file__).parents[3]
_WATCHDOG_S = 10.0
_START_S = 20.0  # for a process and its imports, on a machine that does other work
_GROWTH_BYTES = 60_000_000
_BACK_S = 10.0  # after a restart; a member that was killed has a session of 6 s


def _child(*words: str, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.prove.cells", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
        env={**os.environ, **env},
    )


def _said(child: subprocess.Popen[str], limit_s: float) -> str:
    """Wait for a child's end; what it said, and how it ended if not well."""
    try:
        out, err = child.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        child.kill()
        out, err = child.communicate()
        err += f" still there after {limit_s:g} s"
    trouble = f" exit {child.returncode}: {err.strip()[-300:]}" if child.returncode or err else ""
    return out.strip() + trouble


# -- E33, E34


def run_kept(_context: Context, _case: str) -> Line:
    """Keep views of rows; memory that was freed is overwritten at once, so that it would show."""
    said = _said(_child("keep", MALLOC_PERTURB_="165", PYTHONMALLOC="malloc"), 60)
    wanted = "overwritten same\nclosed same\nparent gone same\nread-only"
    return {"ok": said == wanted, "said": said.replace("\n", "; ")}


def run_callback(context: Context, case: str) -> Line:
    """Have a callback do what it should not; its stream ends in time and says so once."""
    times = 1 if context.quick else 10
    said = [_said(_child("callback", case), _WATCHDOG_S + _START_S) for _ in range(times)]
    good = sum(text == "ended 1" for text in said)
    return {"ok": good == times, "runs": times, "good": good, "said": said[0]}


# -- E35


class _Members:
    """Who is in a group, looked at again and again in a thread of its own."""

    def __init__(self, bootstrap: str, group: str) -> None:
        from confluent_kafka.admin import AdminClient

        self._admin = AdminClient({"bootstrap.servers": bootstrap})
        self._group = group
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.seen: list[tuple[str, ...]] = []

    def now(self) -> tuple[str, ...]:
        """Give the ids of the members."""
        described = self._admin.describe_consumer_groups([self._group])[self._group].result(10)
        return tuple(sorted(member.member_id for member in described.members))

    def _look(self) -> None:
        while not self._enough.wait(0.5):
            self.seen.append(self.now())

    def __enter__(self) -> _Members:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()


def _feed(bootstrap: str, topic: str, enough: threading.Event, sent: list[int]) -> None:
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": bootstrap})
    while not enough.is_set():
        for _ in range(20):
            producer.produce(topic, b'{"id": %d, "key": "a"}' % sent[0], b"a")
            sent[0] += 1
        producer.flush(10)
        enough.wait(0.05)


def run_slow(context: Context, _case: str) -> Line:
    """Sleep in a cell for longer than a member may go without polling, while records come."""
    asleep, held = (12, 8) if context.quick else (600, 20)
    cluster = context.cluster()
    topic = cluster.topic("slow", 2)
    enough, sent = threading.Event(), [0]
    feeding = threading.Thread(target=_feed, args=(cluster.bootstrap, topic, enough, sent))
    feeding.start()
    child = _child("slow", cluster.bootstrap, topic, str(asleep), str(held))
    try:
        assert child.stdout is not None
        assert child.stdin is not None
        child.stdout.readline()  # "in"
        with _Members(cluster.bootstrap, "slow") as members:
            _, records, growth = child.stdout.readline().split()
        enough.set()
        feeding.join()
        said = _last_word(child, sent[0])
    finally:
        enough.set()
        child.kill()
    ids = set(members.seen)
    stayed = len(ids) == 1 and len(next(iter(ids))) == 1
    return {
        "ok": stayed and said == "all True" and int(growth) <= _GROWTH_BYTES,
        "asleep_s": asleep,
        "looks": len(members.seen),
        "memberships": len(ids),
        "records": int(records),
        "growth_mb": round(int(growth) / 1e6, 1),
        "said": said,
    }


def _last_word(child: subprocess.Popen[str], records: int) -> str:
    out, err = child.communicate(f"\n{records}\n", timeout=120)
    return (out.strip() + err.strip()[-300:]).strip()


# -- E30

_SETUP = "import gc, importlib, sys, time\nimport headrace as hr\nfrom tests.prove import cells\n"


def _cell_of(bootstrap: str, topic: str, case: str, target: str) -> str:
    """Read in a group; who only reads is a member until its session ends, here soon."""
    writes = f".to_kafka({target!r})" if case == "killed while writing" else ""
    limits = "{}" if writes else "{'session.timeout.ms': '6000'}"
    return (
        f"live = hr.kafka({topic!r}, bootstrap={bootstrap!r}, schema=cells.SCHEMA, "
        f"group='job-{topic}', start='earliest', config={limits}){writes}.run()\n"
        "assert live.wait(rows=1, timeout=60, progress=False)\n"
    )


def run_restarts(context: Context, case: str) -> Line:
    """Restart a kernel while its stream runs; the next one gets the partitions at once."""
    from tests.kernel.support import Kernel

    times = 1 if context.quick else 17
    cluster = context.cluster()
    target = cluster.topic("results", 2)
    back: list[float] = []
    with Kernel(PYTHONPATH=_path()) as kernel, _fed(cluster) as topic:
        for turn in range(times + 1):
            began = time.monotonic()
            cell = kernel.run(_SETUP + _cell_of(cluster.bootstrap, topic, case, target), timeout=90)
            if cell.status != "ok":
                return {"ok": False, "said": cell.error[-300:], "back_s": back}
            if turn:
                back.append(time.monotonic() - began)
            members = _Members(cluster.bootstrap, f"job-{topic}").now()
            if turn < times:
                kernel.restart(now=case != "asked")
    limit = _BACK_S * (3 if context.quick else 1)
    return {
        "ok": max(back) <= limit and len(members) == 1,
        "restarts": len(back),
        "back_s": [round(value, 2) for value in back],
        "members": len(members),
    }


class _fed:  # noqa: N801 - a context manager, used as a function
    """Let records come all the time."""

    def __init__(self, cluster: Cluster) -> None:
        self._topic = cluster.topic("fed", 2)
        self._enough = threading.Event()
        feed = (cluster.bootstrap, self._topic, self._enough, [0])
        self._thread = threading.Thread(target=_feed, args=feed)

    def __enter__(self) -> str:
        self._thread.start()
        return self._topic

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()


def _path() -> str:
    return os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH", "")]))


def _again() -> list[str]:
    """Run a script twice, import the package anew, and look at a stream all the while."""
    imports = "importlib.reload(sys.modules['headrace']); rows = len(live.frame())"
    anew = (
        "for name in [n for n in sys.modules if n == 'headrace' or n.startswith('headrace.')"
        " and n != 'headrace._core']: del sys.modules[name]\n"
        "import headrace as hr\nassert len(live.frame()) and live.status().rows"
    )
    return ["%run {script}", "%run {script}", "assert live.status().rows", imports, anew]


def _deleted() -> list[str]:
    """Let names go in each order."""
    made = "stream = cells.bars({boot!r})\nlive = stream.run()\n"
    made += "assert live.wait(records=1, timeout=60, progress=False)\n"
    made += "frame = live.numpy(); rows = live.frame()"
    names = ("stream", "live", "frame", "rows")
    orders = [f"del {', '.join(order)}; gc.collect()" for order in itertools.permutations(names)]
    return [cell for order in orders for cell in (made, order)]


def _failed() -> list[str]:
    """Have a cell fail that holds rows: the traceback keeps them."""
    fails = "rows = live.numpy(last=100)\ntry:\n    1 / 0\nfinally:\n    live.stop(); del live"
    return [
        "%run {script}",
        "!" + fails,
        "assert len(rows['id'])",
        "%run {script}",
        "live.status()",
    ]


CELLS: dict[str, Callable[[], list[str]]] = {
    "again": _again,
    "del": _deleted,
    "exception": _failed,
}


def run_cells(context: Context, case: str) -> Line:
    """Run cells in a kernel of their own; one that begins with ! is to fail."""
    from tests.kernel.support import Kernel

    times = 1 if context.quick else 5
    script = context.run_folder() / "job.py"
    wrong: list[str] = []
    run = 0
    with hr.MockBroker(bars=1) as broker, Kernel(PYTHONPATH=_path()) as kernel:
        hr.replay(cells.frame(200), to="bars", bootstrap=broker.bootstrap, key="key")
        script.write_text(
            f"{_SETUP}live = cells.bars({broker.bootstrap!r}).run()\n"
            "assert live.wait(records=200, timeout=60, progress=False)\n"
        )
        kernel.run(_SETUP)
        for code in CELLS[case]() * times:
            text = code.removeprefix("!").format(script=script, boot=broker.bootstrap)
            cell = kernel.run(text)
            run += 1
            if (cell.status == "ok") == code.startswith("!") or "Fatal" in cell.stderr:
                wrong.append(f"{text}: {cell.error[-300:]}")
        ended = kernel.shutdown()
    return {
        "ok": not wrong and ended <= _WATCHDOG_S,
        "cells": run,
        "wrong_cells": wrong,
        "ended_s": round(ended, 2),
    }


RESTART_CASES = ("asked", "killed", "killed while writing")


def run_kernels(context: Context, case: str) -> Line:
    """Restart kernels, or run cells that do what users do."""
    return (run_restarts if case in RESTART_CASES else run_cells)(context, case)


def _kernels(lines: Sequence[Line]) -> str:
    return (
        f"{add_up(lines, 'restarts')} restarts, first row of the next {seconds(lines, 'back_s')}; "
        f"{add_up(lines, 'cells')} cells"
    )


def _good(lines: Sequence[Line]) -> str:
    return f"{add_up(lines, 'good')} of {add_up(lines, 'runs')} as they should be"


def _plain(lines: Sequence[Line]) -> str:
    return "; ".join(str(line.get("said", "")) for line in lines)


def _slow(lines: Sequence[Line]) -> str:
    [line] = lines
    return (
        f"{line.get('memberships')} membership in {line.get('asleep_s')} s, "
        f"{line.get('records')} records meanwhile, {line.get('growth_mb')} MB more"
    )


KERNELS = Experiment(
    "E30",
    "kernels restarted and killed while streams run; %run twice, imports anew, del in any order",
    f"next one at work <= {_BACK_S:g} s, one member, 50 x",
    lambda _: [*RESTART_CASES, *CELLS],
    run_kernels,
    _kernels,
)
KEPT = Experiment(
    "E33",
    "arrays kept while their rows are overwritten 10 x, the stream ends, parents go",
    "unchanged, writing refused",
    lambda _: ["kept 33"],
    run_kept,
    _plain,
)
CALLBACKS = Experiment(
    "E34",
    "callbacks that raise, return something else, block, re-enter, close",
    f"told once, ended <= {_WATCHDOG_S:g} s",
    lambda _: [*cells.CALLBACKS],
    run_callback,
    _good,
)
SLOW = Experiment(
    "E35",
    "a cell that sleeps 10 min, then holds the GIL, with max.poll.interval.ms = 6 s",
    "the member stays, all records come, memory bounded",
    lambda _: ["asleep 35"],
    run_slow,
    _slow,
)
