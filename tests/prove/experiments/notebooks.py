"""E29, E31, E32: interrupts, exits and forks, as in notebooks and scripts. No broker is needed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import headrace as hr
from tests.prove import cells
from tests.prove.experiment import Context, Experiment, seconds
from tests.prove.results import Line, add_up

_ROOT = Path(__file__).parents[3]
_INTERRUPTED_S = 0.5  # the promise
_BUSY_S = 3.0  # more in quick forms, on machines that do other work
_ENDED_S = 5.0
_HANG_S = 60.0
_ROUNDS = 17  # of each of twelve calls: 204
_EXITS = 9  # of each of six ways and four streams: 216
BLOCKED = (
    *("wait", "wait, no broker", "next", "run_for", "collect", "head", "schema", "recover"),
    *("checkpoints", "flush", "function", "close"),
)


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "tests.prove.cells", *words]


def run_interrupts(context: Context, case: str) -> Line:
    """Interrupt a call that waits, again and again, in one process; look at what is left."""
    rounds = 2 if context.quick else _ROUNDS
    limit = _INTERRUPTED_S + (_BUSY_S if context.quick else 0)
    rng = random.Random(case)
    command = _command("blocked", case, str(rounds))
    out: list[float] = []
    said: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT) as child:
        assert child.stdout is not None
        try:
            for _ in range(rounds):
                said.append(child.stdout.readline().strip())
                time.sleep(rng.uniform(0.7, 1.2))
                began = time.monotonic()
                child.send_signal(signal.SIGINT)
                said.append(child.stdout.readline().strip())
                out.append(time.monotonic() - began)
            threads = child.stdout.readline().split()
            code = child.wait(_HANG_S)
        finally:
            child.kill()
    first, last = (int(n) for n in threads[1:])
    well = said == ["in", "out"] * rounds and code == 0 and max(out) <= limit
    return {
        "ok": well and last <= first + 2,
        "interrupts": len(out),
        "out_s": [round(value, 3) for value in out],
        "worst_s": round(max(out), 3),
        "threads": f"{first} to {last}",
        "said": "" if well else " ".join(said),
    }


def run_exits(context: Context, case: str) -> Line:
    """Let interpreters end in one way, with each kind of stream running."""
    times = 1 if context.quick else _EXITS
    took: list[float] = []
    wrong: list[str] = []
    with hr.MockBroker(bars=2) as broker:
        for stream in [*cells.STREAMS] * times:
            child = subprocess.Popen(
                _command("exit", case, stream, broker.bootstrap),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd=_ROOT,
            )
            assert child.stdout is not None
            child.stdout.readline()  # "in": from now on it ends
            began = time.monotonic()
            try:
                _, stderr = child.communicate(timeout=_HANG_S)
            except subprocess.TimeoutExpired:
                child.kill()
                stderr = f"still there after {_HANG_S:g} s"
                child.communicate()
            took.append(time.monotonic() - began)
            if child.returncode != cells.ENDS.get(case, 0) or not _expected(case, stderr):
                wrong.append(f"{stream}: {child.returncode} {stderr[-300:]}")
    return {
        "ok": not wrong and max(took) <= _ENDED_S,
        "exits": len(took),
        "ended_s": [round(value, 2) for value in took],
        "worst_s": round(max(took), 2),
        "wrong_exits": wrong,
    }


def _expected(case: str, stderr: str) -> bool:
    if case == "exception":
        return stderr.rstrip().endswith("ZeroDivisionError: of the user's own")
    return not stderr


def run_forks(context: Context, case: str) -> Line:
    """Have a child in one way while a stream runs, which tries to use what is its parent's."""
    times = 1 if context.quick else 10
    said: list[str] = []
    for _ in range(times):
        done = subprocess.run(
            _command("fork", case),
            capture_output=True,
            text=True,
            cwd=_ROOT,
            timeout=2 * _HANG_S,
            check=False,
            env={**os.environ, "PYTHONWARNINGS": "ignore::DeprecationWarning"},  # of fork itself
        )
        said.append(done.stdout.strip() + done.stderr.strip()[-300:])
    good = sum(text == "child 0 parent True" for text in said)
    return {"ok": good == times, "forks": times, "good": good, "said": said[0]}


def _interrupts(lines: Sequence[Line]) -> str:
    return f"{add_up(lines, 'interrupts')} interrupts, {seconds(lines, 'out_s')}"


def _exits(lines: Sequence[Line]) -> str:
    return f"{add_up(lines, 'exits')} exits, {seconds(lines, 'ended_s')}"


def _forks(lines: Sequence[Line]) -> str:
    return f"{add_up(lines, 'good')} of {add_up(lines, 'forks')} as they should be"


INTERRUPTS = Experiment(
    "E29",
    "Ctrl-C in twelve calls that wait, again and again in one process",
    f"200 x KeyboardInterrupt <= {_INTERRUPTED_S:g} s, no thread left",
    lambda _: [*BLOCKED],
    run_interrupts,
    _interrupts,
)
EXITS = Experiment(
    "E31",
    "the interpreter ends in six ways while streams read, wait, write and call functions",
    f"200 x <= {_ENDED_S:g} s, no signal, no word",
    lambda _: [*cells.WAYS],
    run_exits,
    _exits,
)
FORKS = Experiment(
    "E32",
    "os.fork, multiprocessing and subprocess while a stream runs",
    "the child ends by itself, use in it is refused by name, the parent goes on",
    lambda _: [*cells.CHILDREN],
    run_forks,
    _forks,
)
