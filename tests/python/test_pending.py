from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

import headrace as hr
from headrace.errors import (
    AuthenticationError,
    BrokerUnavailable,
    InvalidArgument,
    SchemaError,
    TopicNotFound,
    UnknownColumn,
)
from headrace.pending import Pending
from headrace.replay import produce
from headrace.samples import Sampled

BARS = hr.market.bars(rows=300, tickers=3)
RECORDS = list(hr.market.records(BARS))
NOBODY = "127.0.0.1:1"


class Script:
    """A source whose looks have the given ends."""

    strict = False

    def __init__(self, *ends: object) -> None:
        self.ends = list(ends)

    def sample(self, oldest, newest, timeout, stop=None) -> list[Sampled]:
        end = self.ends.pop(0)
        if isinstance(end, Exception):
            raise end
        return [Sampled("t", 0, i, -1, None, value) for i, value in enumerate(end)]

    def title(self) -> str:
        return 'topic "t" on somewhere:9092'


def pending(*ends: object) -> Pending:
    return Pending(Script(*ends), None, None)


def test_what_may_heal_is_waited_for_with_its_reason() -> None:
    down = BrokerUnavailable("cannot reach somewhere:9092: connection refused", retriable=True)
    missing = TopicNotFound('topic "t" does not exist on somewhere:9092 (did you mean "tt"?)')
    found = pending(down, down, missing, down, [], [None], [b'{"x": 1}'])
    said = []
    while not found.look():
        said.append((found.reason, found.reached, found.empty))
    assert said == [
        (f"{down}; retrying (attempt 1)", False, False),
        (f"{down}; retrying (attempt 2)", False, False),
        (f"{missing}; waiting", True, False),
        (f"{down}; retrying (attempt 1)", False, False),
        ('topic "t" on somewhere:9092 has no records yet; waiting', True, True),
        ('topic "t" on somewhere:9092 has no records yet; waiting', True, True),
    ]
    assert found.known() == hr.Schema({"x": hr.int64})


def test_an_outage_is_logged_once(caplog) -> None:
    down = BrokerUnavailable("cannot reach somewhere:9092: connection refused", retriable=True)
    found = pending(down, down, down, [], down, [b'{"x": 1}'])
    with caplog.at_level("INFO", "headrace.kafka"):
        while not found.look():
            pass
    lost = ("WARNING", f"connection: {down}; retrying")
    back = ("INFO", 'connection: topic "t" on somewhere:9092 answers again')
    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert said == [lost, back, lost, back]


def test_what_cannot_heal_is_raised() -> None:
    with pytest.raises(AuthenticationError):
        pending(AuthenticationError("refused")).look()
    strict = Script(TopicNotFound("no such topic"))
    strict.strict = True  # type: ignore[misc]
    with pytest.raises(TopicNotFound):
        Pending(strict, None, None).look()


def test_what_is_known_stays_and_is_not_looked_for_again() -> None:
    found = pending([b'{"x": 1}'])  # a second look would find nothing to pop
    assert found.look()
    assert found.look()
    assert found.schema == hr.Schema({"x": hr.int64})


def test_several_threads_agree_on_one_schema() -> None:
    found = pending([b'{"x": 1}'], [b'{"x": 1.5}'])
    threads = [threading.Thread(target=found.look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.schema == hr.Schema({"x": hr.int64})


WAITS = """
import headrace as hr
print("looking", flush=True)
try:
    hr.kafka("ohlcv", bootstrap="127.0.0.1:{port}", timeout=60)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_an_interrupt_ends_the_look() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and never answers
        program = subprocess.Popen(
            [sys.executable, "-c", WAITS.format(port=silent.getsockname()[1])],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert program.stdout is not None
        assert program.stdout.readline() == "looking\n"
        time.sleep(0.5)
        sent = time.monotonic()
        program.send_signal(signal.SIGINT)
        assert program.stdout.readline() == "interrupted\n"
        took = time.monotonic() - sent
        print(f"interrupted after {took:.3f} s")
        assert took < 3
        assert program.wait(60) == 0
        program.stdout.close()


@pytest.fixture
def broker():
    with hr.MockBroker(empty=1) as mock:
        yield mock


def test_asking_for_the_columns_looks_again_and_then_says_why_not(broker) -> None:
    stream = hr.kafka("empty", bootstrap=broker.bootstrap)
    for ask in (lambda: stream.schema, lambda: stream.columns, lambda: stream.collect(BARS)):
        with pytest.raises(SchemaError, match=r'"empty" on .* has no records yet.*schema=hr\.Sc'):
            ask()
    assert "has no records yet" in repr(stream)
    assert "has no records yet" in stream._repr_html_()
    produce(RECORDS, to="empty", bootstrap=broker.bootstrap)
    assert stream.schema == hr.market.SCHEMA
    with pytest.raises(UnknownColumn):
        stream.select("Clos")
    assert len(stream.collect(BARS)) == len(BARS)


def test_a_timeout_is_an_error_with_the_address() -> None:
    with pytest.raises(
        BrokerUnavailable, match=r"127\.0\.0\.1:1: connection refused; gave up after 0\.5 s"
    ):
        hr.kafka("ohlcv", bootstrap=NOBODY, timeout=0.5)
    with pytest.raises(InvalidArgument, match="seconds above 0"):
        hr.kafka("ohlcv", bootstrap=NOBODY, timeout=0)
