import threading
import time

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
