import subprocess
import sys
import threading
import time

import pytest

from headrace import redraw


class Clock:
    """Draws a number of times and computes as long as it is told."""

    def __init__(self, times: int, takes: float) -> None:
        self.every = 0.01
        self.left = times
        self.takes = takes
        self.began: list[float] = []
        self.ended = threading.Event()

    def redraw(self) -> bool:
        self.began.append(time.monotonic())
        enough = time.thread_time() + self.takes
        while time.thread_time() < enough:
            pass
        self.left -= 1
        if self.left == 0:
            self.ended.set()
        return self.left > 0


def test_items_are_drawn_until_they_are_done_and_rest_as_long_as_they_compute() -> None:
    quick, slow = Clock(3, 0.0), Clock(3, 0.1)
    redraw.add(quick)
    redraw.add(slow)
    assert quick.ended.wait(10)
    assert slow.ended.wait(10)
    assert all(b - a >= 0.2 for a, b in zip(slow.began, slow.began[1:], strict=False))
    time.sleep(0.05)
    assert len(quick.began) == 3


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


SLOW = """
import os, sys, threading, time
from headrace import redraw

class Slow:
    every = 0.01
    def redraw(self):
        print("began", flush=True)
        time.sleep(0.5)
        print("ended", flush=True)
        return True

redraw.add(Slow())
time.sleep(0.2)
"""


def test_the_end_of_the_program_waits_for_a_drawing() -> None:
    assert run(SLOW) == "began\nended\n"


def test_a_forked_child_draws_what_is_its_own_and_no_more() -> None:
    child = """
if os.fork() == 0:
    drawn = threading.Event()
    class Own:
        every = 0.01
        def redraw(self):
            drawn.set()
            return False
    redraw.add(Own())
    print("child", drawn.wait(10), flush=True)
    sys.stdout.flush()
    os._exit(0)
os.wait()
"""
    lines = run(SLOW + child).splitlines()
    assert sorted(lines) == ["began", "child True", "ended"]


def test_a_drawing_that_fails_is_logged_and_harms_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken:
        every = 0.01

        def redraw(self) -> bool:
            raise ValueError("no picture")

    other = Clock(2, 0.0)
    redraw.add(Broken())
    redraw.add(other)
    assert other.ended.wait(10)
    assert "a drawing failed and was given up" in caplog.text
