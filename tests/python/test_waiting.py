"""Waiting: by what was read, by time, by a condition, to the topic's end; and whole scripts."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import headrace as hr
from headrace.errors import InvalidArgument, OffsetOutOfRange
from headrace.replay import produce
from headrace.waiting import seconds_of

FRAME = hr.market.bars(rows=900, tickers=3, seed=4)
RECORDS = list(hr.market.records(FRAME))


@pytest.fixture
def broker():
    with hr.MockBroker(bars=2) as mock:
        yield mock


def bars(broker: hr.MockBroker, **options: object) -> hr.Stream:
    return hr.kafka("bars", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA, **options)


def fill(broker: hr.MockBroker, first: int = 0, last: int = len(RECORDS)) -> None:
    produce(RECORDS[first:last], to="bars", bootstrap=broker.bootstrap)


def test_times_are_texts_or_seconds() -> None:
    assert seconds_of("x", "2min") == 120
    assert seconds_of("x", 0.25) == 0.25
    for wrong in ("soon", -1, "-3s", float("nan"), None):
        with pytest.raises(InvalidArgument, match="x: expected a time"):
            seconds_of("x", wrong)  # type: ignore[arg-type]


def test_wait_returns_true_as_soon_as_that_much_was_read(broker) -> None:
    fill(broker, 0, 300)
    with bars(broker).run() as live:
        assert live.wait(records=300, timeout=60)
        assert live.wait(rows=300, timeout=60)
        assert not live.wait(records=301, timeout=0.2)  # the topic has no more
        fill(broker, 300, 310)
        assert live.wait(records=310, timeout=60)
        assert live.status().state == "running"  # waiting did not stop it


def test_wait_for_a_while_and_for_a_condition(broker) -> None:
    fill(broker, 0, 50)
    with bars(broker).run() as live:
        assert live.wait(seconds="100ms", timeout=60)
        assert live.wait(until=lambda one: one.status().rows == 50, timeout=60)
        assert not live.wait(until=lambda one: False, timeout=0.2)
        with pytest.raises(ZeroDivisionError):
            live.wait(until=lambda one: 1 / 0)


def test_until_end_is_the_end_that_the_topic_had(broker) -> None:
    fill(broker)
    with bars(broker).run() as live:
        assert live.wait(until="end", timeout=60)
        assert live.status().records == len(RECORDS)
        assert len(live.frame(last=10_000)) == len(RECORDS)


def test_until_end_of_a_topic_without_records(broker) -> None:
    with bars(broker).run() as live:
        assert live.wait(until="end", timeout=60)
        assert live.status().records == 0


def test_until_end_of_a_topic_whose_columns_are_not_known(broker) -> None:
    with hr.kafka("bars", bootstrap=broker.bootstrap).run() as live:
        assert live.wait(until="end", timeout=60)  # there are no records
        fill(broker)
        assert live.wait(records=len(RECORDS), timeout=60)
        assert live.wait(until="end", timeout=60)
    with hr.kafka("bars", bootstrap="127.0.0.1:1").run() as live:
        assert not live.wait(until="end", timeout=0.5)  # nobody knows
        assert not live.wait(records=1, timeout=0.2)
        [status] = hr.run_for(0.2)
        assert "127.0.0.1:1" in status.message


def test_until_end_is_not_met_while_nothing_is_known() -> None:
    with hr.kafka("bars", bootstrap="127.0.0.1:1", schema=hr.market.SCHEMA).run() as live:
        assert not live.wait(until="end", timeout=0.5)


def test_a_stream_that_ends_short_of_the_condition(broker) -> None:
    fill(broker)
    live = bars(broker, until="end").run()
    assert live.wait(timeout=60)
    assert live.wait(seconds=60)
    assert live.wait(until="end")
    assert live.wait(records=len(RECORDS))
    assert not live.wait(records=len(RECORDS) + 1)
    assert not live.wait(until=lambda one: False)
    live.stop()


def test_the_error_of_the_stream_is_raised(broker) -> None:
    with bars(broker, start={0: 500}).run() as live, pytest.raises(OffsetOutOfRange):
        live.wait(records=10, timeout=60)


def test_arguments_are_checked(broker) -> None:
    with bars(broker).run() as live:
        for wrong in ({"records": -1}, {"rows": 2.5}, {"records": True}, {"until": "the end"}):
            with pytest.raises(InvalidArgument, match=next(iter(wrong))):
                live.wait(**wrong)
        with pytest.raises(InvalidArgument, match="timeout"):
            live.wait(timeout="soon")


def test_run_for_runs_stops_and_says_what_was_done(broker) -> None:
    fill(broker)
    live = bars(broker).run()
    statuses = hr.run_for("2s", live, bars(broker).select("Close"))
    assert [status.state for status in statuses] == ["stopped", "stopped"]
    assert [status.reason for status in statuses] == ["stopped after 2 s"] * 2
    assert [status.rows for status in statuses] == [len(RECORDS)] * 2
    assert len(live.frame(last=5)) == 5  # frames stay


def test_run_for_takes_all_that_run_and_returns_early_when_they_have_ended(broker) -> None:
    fill(broker)
    first = bars(broker, until="end").run()
    second = bars(broker, until="end").select("Close").run()
    statuses = hr.run_for("10min")  # the test's time limit would show
    assert [status.state for status in statuses] == ["finished", "finished"]
    assert first.status().rows == second.status().rows == len(RECORDS)
    with pytest.raises(InvalidArgument, match="no stream is running"):
        hr.run_for("1s")


def test_run_for_raises_what_failed_and_stops_the_others(broker) -> None:
    good = bars(broker).run()
    with pytest.raises(OffsetOutOfRange):
        hr.run_for("10min", good, bars(broker, start={0: 500}))
    assert good.status().state == "stopped"


def test_run_for_stops_what_it_had_started_when_the_next_one_cannot_start(broker) -> None:
    good = bars(broker).run()
    with pytest.raises(InvalidArgument, match="expected streams"):
        hr.run_for("10min", good, "bars")  # type: ignore[arg-type]
    assert good.status().state == "stopped"


def test_run_for_logs_the_end_of_each_stream(broker, caplog) -> None:
    fill(broker)
    with caplog.at_level("INFO", logger="headrace"):
        hr.run_for("1min", bars(broker, until="end"))
    said = [r.getMessage() for r in caplog.records if r.name == "headrace"]
    assert any(re.search(r"bars on .*finished: 900 records", text) for text in said), said


def test_ctrl_c_stops_what_run_for_runs(broker) -> None:
    live = bars(broker).run()
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        hr.run_for("10min", live)
    assert live.status().state == "stopped"


# -- scripts: what CI sees


def script(tmp_path: Path, body: str) -> list[str]:
    path = tmp_path / "job.py"
    path.write_text("import headrace as hr\n" + body)
    return [sys.executable, str(path)]


ENDLESS = """
stream = hr.kafka("bars", bootstrap="127.0.0.1:1", schema=hr.market.SCHEMA)
live = stream.run()
"""


def test_a_script_without_a_broker_ends_quietly_with_zero(tmp_path: Path) -> None:
    command = script(tmp_path, ENDLESS + "hr.run_for('2s')\n")
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_error_ends_the_script_with_one_and_the_message_last(tmp_path: Path) -> None:
    body = ENDLESS + "hr.kafka('bars', schema=hr.market.SCHEMA).select('Clos')\n"
    started = time.monotonic()
    done = subprocess.run(script(tmp_path, body), capture_output=True, text=True, timeout=120)
    print(f"ended after {time.monotonic() - started:.1f} s, with a stream still running")
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("headrace.errors.UnknownColumn: ")
    assert 'did you mean "Close"' in last


def test_the_error_of_a_stream_ends_the_script_with_one(broker, tmp_path: Path) -> None:
    body = f"""
stream = hr.kafka("bars", bootstrap={broker.bootstrap!r}, schema=hr.market.SCHEMA, start={{0: 9}})
hr.run_for("10min", stream)
"""
    done = subprocess.run(script(tmp_path, body), capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("headrace.errors.OffsetOutOfRange: ")


def test_a_broker_that_is_not_there_fails_the_script_that_asks_for_one(tmp_path: Path) -> None:
    body = """
stream = hr.kafka("bars", bootstrap="127.0.0.1:1", schema=hr.market.SCHEMA, timeout=1, strict=True)
hr.run_for("10min", stream)
"""
    started = time.monotonic()
    done = subprocess.run(script(tmp_path, body), capture_output=True, text=True, timeout=120)
    print(f"failed after {time.monotonic() - started:.1f} s")
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("headrace.errors.BrokerUnavailable: ")
    assert "127.0.0.1:1" in last


def test_ctrl_c_ends_a_script_as_it_ends_any_other(tmp_path: Path) -> None:
    body = ENDLESS + "print('up', flush=True)\nlive.wait()\n"
    process = subprocess.Popen(
        script(tmp_path, body), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT  # a shell says 130
