"""What is typed into a notebook's cells when things go wrong, each in a process of its own.

``python -m tests.prove.cells blocked wait 20`` and the like: see ``experiments/notebooks.py``,
which starts them, interrupts them and looks at how they end.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd

import headrace as hr
from headrace import interrupts
from headrace.errors import HeadraceError

SCHEMA = hr.Schema({"id": hr.int64, "key": hr.string}, key="key")
NUMBERS = hr.Schema({"id": hr.int64})
DOWN = "127.0.0.1:1"
_ROWS = 500


def say(*words: object) -> None:
    """Tell the parent."""
    print(*words, flush=True)


def frame(rows: int) -> pd.DataFrame:
    """Give numbered rows of one key."""
    return pd.DataFrame({"id": range(rows), "key": ["a"] * rows})


def bars(bootstrap: str, **options: Any) -> hr.Stream:
    """Give the stream that all read."""
    return hr.kafka("bars", bootstrap=bootstrap, schema=SCHEMA, **options)


def results(bootstrap: str) -> hr.Stream:
    """Give a stream whose results are to be written exactly once."""
    return bars(bootstrap, group="cells").to_kafka("results")


def stuck(df: pd.DataFrame) -> pd.DataFrame:
    """Stand for a function that does not come back."""
    if len(df):
        time.sleep(300)
    return df


def numbers() -> hr.Stream:
    """Give a stream with such a function in it."""
    return hr.from_frame(pd.DataFrame({"id": [1]}), schema=NUMBERS).map_batches(stuck)


def silent() -> str:
    """Give the address of somebody who takes connections and never says anything."""
    server = socket.create_server(("127.0.0.1", 0), backlog=500)
    _kept.append(server)
    return f"127.0.0.1:{server.getsockname()[1]}"


_kept: list[Any] = []


# -- blocked: what waits, until it is interrupted


def _iterate(live: hr.Live) -> None:
    for _ in live.frames():
        pass


def blocking() -> dict[str, Callable[[], object]]:
    """Give each call that may wait for long, by name."""
    broker = hr.MockBroker(bars=2)
    _kept.append(broker)
    boot, mute, state = broker.bootstrap, silent(), tempfile.mkdtemp()
    return {
        "wait": lambda: bars(boot).run().wait(),
        "wait, no broker": lambda: bars(DOWN).run().wait(until="end"),
        "next": lambda: _iterate(bars(boot).run()),
        "run_for": lambda: hr.run_for("10min", bars(boot)),
        "collect": lambda: bars(DOWN, until="end").collect(),
        "head": lambda: bars(mute, timeout=60).head(),
        "schema": lambda: hr.kafka("bars", bootstrap=mute, timeout=60).schema,
        "recover": lambda: results(DOWN).run(checkpoint=state).wait(),
        "checkpoints": lambda: hr.checkpoints("kafka://states", bootstrap=mute),
        "flush": lambda: hr.replay(frame(10), to="bars", bootstrap=DOWN, key="key"),
        "function": lambda: numbers().run().wait(),
        "close": lambda: _close_again_and_again(bars(DOWN)),
    }


def _close_again_and_again(stream: hr.Stream) -> NoReturn:
    while True:
        with stream.run():
            pass


def blocked(name: str, rounds: str) -> None:
    """Wait in a call again and again; say when it begins and how it ended."""
    call = blocking()[name]
    threads = []
    for _ in range(int(rounds)):
        try:
            say("in")
            call()
            say("returned")
        except KeyboardInterrupt:
            say("out")
        except Exception as error:
            say(f"raised {type(error).__name__}: {error}")
        interrupts.stop_all()
        threads.append(_threads_at_rest(threads[0] if threads else 0))
    say("threads", threads[0], threads[-1])


def _threads_at_rest(wanted: int) -> int:
    """Count threads once what was given up has gone; a call to a dead broker takes ten seconds."""
    deadline = time.monotonic() + (0.2 if wanted == 0 else 15)
    gc.collect()
    while (found := len(os.listdir("/proc/self/task"))) > wanted + 2:
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    return found


# -- exit: the interpreter ends while streams run

STREAMS: dict[str, Callable[[str], hr.Live]] = {
    "reading": lambda boot: bars(boot).run(),
    "no broker": lambda _: bars(DOWN).run(),
    "writing": lambda _: results(DOWN).run(),
    "function": lambda _: numbers().run(),
}


def _raise() -> NoReturn:
    raise ZeroDivisionError("of the user's own")


def _in_a_thread() -> None:
    thread = threading.Thread(target=lambda: (time.sleep(0.2), sys.exit(5)))
    thread.start()  # the interpreter waits for it


WAYS: dict[str, Callable[[], object]] = {
    "normal": lambda: None,
    "sys.exit": lambda: sys.exit(7),
    "os._exit": lambda: os._exit(8),
    "exception": _raise,
    "thread": _in_a_thread,
    "atexit": lambda: None,
}
ENDS = {"sys.exit": 7, "os._exit": 8, "exception": 1}  # 0 otherwise


def leave(way: str, stream: str, bootstrap: str) -> None:
    """End in a way while a stream runs."""
    live = STREAMS[stream](bootstrap)
    if way == "atexit":
        atexit.register(lambda: say("rows", len(live.frame())))
    _kept.append(live)
    time.sleep(0.5)
    say("in")
    WAYS[way]()


# -- fork: what a child can do with its parent's stream


def uses(live: hr.Live) -> dict[str, Callable[[], object]]:
    """Give what may not be done in a child."""
    iterator = live.frames()
    return {
        "frame": live.frame,
        "numpy": live.numpy,
        "status": live.status,
        "wait": lambda: live.wait(timeout=30),
        "next": lambda: next(iter(iterator)),
        "rejected": live.rejected,
        "digest": live.digest,
        "plot": lambda: live.plot("id"),
    }


def refusals(live: hr.Live) -> list[str]:
    """Try all of them; give the names of those that did not raise what they should."""
    wrong = []
    for name, use in uses(live).items():
        try:
            use()
        except HeadraceError as error:
            if "forked child" in str(error):
                continue
        except Exception as error:
            name = f"{name}: {error!r}"
        wrong.append(name)
    live.stop()  # harmless
    assert "of process" in repr(live)
    own = hr.from_frame(frame(3), schema=SCHEMA).collect()
    if len(own) != 3:
        wrong.append("a stream of its own")
    return wrong


def _fork(live: hr.Live) -> int:
    child = os.fork()
    if child == 0:
        wrong = refusals(live)
        if wrong:
            say("not refused:", *wrong)
        sys.exit(3 if wrong else 0)  # not os._exit: what the interpreter tears down is torn down
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _in_forked_process(live: hr.Live) -> None:
    sys.exit(3 if refusals(live) else 0)


def own_stream() -> None:
    """Run in a child that shares nothing: it has streams of its own."""
    sys.exit(0 if len(hr.from_frame(frame(3), schema=SCHEMA).collect()) == 3 else 3)


def _process(method: str, live: hr.Live) -> int:
    context: Any = multiprocessing.get_context(method)
    forked = method == "fork"
    target, arguments = (_in_forked_process, (live,)) if forked else (own_stream, ())
    process = context.Process(target=target, args=arguments)
    process.start()
    process.join(60)
    if process.is_alive():
        process.kill()
        return -99
    return int(process.exitcode)


def _subprocess(_live: hr.Live) -> int:
    code = "from tests.prove.cells import own_stream; own_stream()"
    return subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode


CHILDREN: dict[str, Callable[[hr.Live], int]] = {
    "os.fork": _fork,
    "fork": lambda live: _process("fork", live),
    "forkserver": lambda live: _process("forkserver", live),
    "spawn": lambda live: _process("spawn", live),
    "subprocess": _subprocess,
}


def fork(how: str) -> None:
    """Have a child while a stream runs; say how it ended, and whether the parent goes on."""
    broker = hr.MockBroker(bars=2)
    with bars(broker.bootstrap).run() as live:
        hr.replay(frame(_ROWS), to="bars", bootstrap=broker.bootstrap, key="key")
        assert live.wait(records=_ROWS, timeout=60)
        ended = CHILDREN[how](live)
        hr.replay(frame(_ROWS), to="bars", bootstrap=broker.bootstrap, key="key")
        goes_on = live.wait(records=2 * _ROWS, timeout=60) and live.status().rows == 2 * _ROWS
    say("child", ended, "parent", goes_on)


# -- callback: functions of the user's that do what they should not


def _fails(function: Callable[[pd.DataFrame], Any], word: str) -> None:
    """Run with a function that ends its stream; the error is raised where it is waited for."""
    stream = hr.from_frame(frame(10), schema=SCHEMA).map_batches(function, schema=SCHEMA)
    with stream.run() as live:
        try:
            live.wait("20s", progress=False)
        except hr.errors.FunctionError as error:
            say("ended", str(error).count(word))


def _raises(df: pd.DataFrame) -> pd.DataFrame:
    if len(df):
        raise ValueError("no such price")
    return df


def _re_enters(df: pd.DataFrame) -> pd.DataFrame:
    if not len(df):
        return df
    other = hr.from_frame(df, schema=SCHEMA).map_batches(lambda inner: inner)
    return other.collect()


def _re_enters_well() -> bool:
    stream = hr.from_frame(frame(9), schema=SCHEMA).map_batches(_re_enters)
    return stream.collect()["id"].tolist() == list(range(9))


def _blocks() -> None:
    live = numbers().run()
    time.sleep(0.5)
    live.stop()
    say("ended", 1)


def _within(act: Callable[[hr.Live], object]) -> None:
    """Let a condition that is waited for do something to its stream, once."""
    done = []

    def condition(live: hr.Live) -> bool:
        done.append(act(live))
        return True

    with bars(DOWN).run() as live:
        try:
            live.wait("20s", until=condition, progress=False)
        except ZeroDivisionError as error:
            say("ended", str(error).count("of the user's own"))
            return
    say("ended", len(done))


def _closes() -> None:
    """Let a function stop the stream that it is called for."""
    held: list[hr.Live] = []

    def closes(df: pd.DataFrame) -> pd.DataFrame:
        while len(df) and not held:
            time.sleep(0.01)
        for live in held:
            live.stop()
        return df

    stream = hr.from_frame(frame(10), schema=SCHEMA).map_batches(closes)
    live = stream.run()
    held.append(live)
    live.wait("20s", progress=False)
    say("ended", int(live.status().state != "running"))


CALLBACKS: dict[str, Callable[[], None]] = {
    "raises": lambda: _fails(_raises, "no such price"),
    "wrong type": lambda: _fails(lambda df: "rows" if len(df) else df, "got str"),
    "blocks": _blocks,
    "re-enters": lambda: say("ended", int(_re_enters_well())),
    "closes": _closes,
    "condition raises": lambda: _within(lambda _: _raise()),
    "condition waits": lambda: _within(lambda live: live.wait(0.2, progress=False)),
    "condition closes": lambda: _within(lambda live: live.stop()),
}


def callback(name: str) -> None:
    """Run a stream with one of them; say how often its end reached the user."""
    CALLBACKS[name]()


# -- keep: what was looked at stays as it was

_HISTORY = 100


def keep() -> None:
    """Keep views of rows while they are overwritten, their stream ends and its handle goes."""
    broker = hr.MockBroker(bars=1)

    def send(first: int) -> None:
        rows = frame(_HISTORY).assign(id=range(first, first + _HISTORY))
        hr.replay(rows, to="bars", bootstrap=broker.bootstrap, key="key")

    live = bars(broker.bootstrap).run(history=_HISTORY)
    send(0)
    assert live.wait(records=_HISTORY, timeout=60)
    ids = live.numpy(last=_HISTORY)["id"]
    views = {"array": ids, "slice": ids[10:20], "frame": live.frame(_HISTORY)["id"].to_numpy()}
    copies = {name: view.copy() for name, view in views.items()}
    del ids
    for turn in range(1, 11):
        send(turn * _HISTORY)
        assert live.wait(records=(turn + 1) * _HISTORY, timeout=60)
    _compare("overwritten", views, copies)
    live.stop()
    del live
    gc.collect()
    _compare("closed", views, copies)
    del views["array"]
    gc.collect()
    _compare("parent gone", views, copies)
    try:
        views["slice"][0] = 1
    except ValueError:
        say("read-only")


def _compare(when: str, views: dict[str, Any], copies: dict[str, Any]) -> None:
    changed = [name for name, view in views.items() if (view != copies[name]).any()]
    say(when, *(changed or ["same"]))


# -- slow: a cell that takes its time


def slow(bootstrap: str, topic: str, asleep_s: str, hold_s: str) -> None:
    """Sleep in a cell, then hold the GIL, both longer than a member may go without polling."""
    limits = {"max.poll.interval.ms": "6000", "session.timeout.ms": "6000"}
    stream = hr.kafka(
        topic, bootstrap=bootstrap, schema=SCHEMA, group="slow", start="earliest", config=limits
    )
    with stream.run(history=1_000) as live:
        assert live.wait(records=1, timeout=60)
        say("in")
        before = _resident()
        time.sleep(float(asleep_s))
        ctypes.PyDLL(None).usleep(int(float(hold_s) * 1e6))  # with the GIL
        say("out", live.status().records, _resident() - before)
        sys.stdin.readline()
        say("all", live.wait(records=int(sys.stdin.readline()), timeout=60))


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


COMMANDS: dict[str, Callable[..., None]] = {
    "blocked": blocked,
    "exit": leave,
    "fork": fork,
    "callback": callback,
    "keep": keep,
    "slow": slow,
}

if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        COMMANDS[sys.argv[1]](*sys.argv[2:])
