"""The line on a terminal; silence everywhere else."""

import os
import pty
import re
import subprocess
import sys

from headrace.progress import summary

# Rejected records are warned of; this is about the line.
PYTHON = [sys.executable, "-W", "ignore", "-c"]

SCRIPT = """
import headrace as hr
from headrace.replay import produce

broker = hr.MockBroker(bars=1)
frame = hr.market.bars(rows=90, tickers=2, seed=1)
records = list(hr.market.records(frame, bad_every=30))
produce(records, to="bars", bootstrap=broker.bootstrap)
stream = hr.kafka("bars", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA)
hr.run_for("2s", stream, progress={progress})
"""


def on_a_terminal(code: str) -> str:
    """What a script writes when its stderr is a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*PYTHON, code], stderr=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    parts = []
    try:
        while part := os.read(ours, 4096):
            parts.append(part)
    except OSError:  # the other end is closed
        pass
    assert process.wait(timeout=60) == 0
    os.close(ours)
    return b"".join(parts).decode()


def test_one_line_is_rewritten_in_place_on_a_terminal() -> None:
    text = on_a_terminal(SCRIPT.format(progress=True))
    assert text.count("\n") == 1
    assert text.endswith("\n")
    lines = text.rstrip().split("\r\x1b[K")
    assert lines[0] == ""
    assert len(lines) > 2
    shown = r"running: 93 records \([\d,]+/s\), lag 0, 2 rejected, \d s"
    assert all(re.fullmatch(shown, line) for line in lines[1:]), lines


def test_it_can_be_turned_off() -> None:
    assert on_a_terminal(SCRIPT.format(progress=False)) == ""


def test_a_pipe_gets_nothing() -> None:
    code = SCRIPT.format(progress=True)
    done = subprocess.run([*PYTHON, code], capture_output=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def state(**fields: object) -> dict[str, object]:
    return {"state": "running", "records": 0, "tasks": [], "rejected": {}, "message": "", **fields}


def test_several_streams_are_added_up_and_trouble_is_said() -> None:
    first = state(records=1500, tasks=[{"lag": 2}, {"lag": -1}], rejected={"rule": 1, "late": 2})
    second = state(state="waiting", message="cannot reach 127.0.0.1:1")
    text = summary([first, second], per_second=20.4, seconds=3.2)
    assert text == (
        "2 streams, running/waiting: 1,500 records (20/s), lag 2, 3 rejected, 3 s; "
        "cannot reach 127.0.0.1:1"
    )
