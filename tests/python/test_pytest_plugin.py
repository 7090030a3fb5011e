"""The fixture headrace_broker, as a user's own tests meet it."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

import headrace as hr
from headrace.broker import TemporaryBroker
from headrace.pytest_plugin import BrokerForTests

pytest_plugins = ["pytester"]

SCHEMA = hr.Schema({"Ticker": hr.string, "Close": hr.float64}, key="Ticker")

TEST = """
import headrace as hr

SCHEMA = hr.Schema({"Ticker": hr.string, "Close": hr.float64}, key="Ticker")


def closes(broker):
    bars = hr.kafka("bars", bootstrap=broker.bootstrap, schema=SCHEMA, until="end")
    return bars.collect()["Close"].tolist()


def test_first(headrace_broker):
    headrace_broker.create_topic("bars", partitions=2)
    rows = [{"Ticker": "IBM", "Close": 1.5}, {"Ticker": "IBM", "Close": 2.5}]
    assert headrace_broker.write("bars", rows, key="Ticker") == 2
    assert closes(headrace_broker) == [1.5, 2.5]


def test_the_next_one_finds_nothing_of_it(headrace_broker):
    headrace_broker.create_topic("bars")
    assert closes(headrace_broker) == []
"""


def outcome(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    # Of its own process and plugins: pytest refuses a module that is registered twice.
    known = {point.name for point in importlib.metadata.entry_points(group="pytest11")}
    plugin = () if "headrace" in known else ("-p", "headrace.pytest_plugin")
    return pytester.runpytest_subprocess("-W", "error", "-p", "no:asyncio", *plugin, *arguments)


def test_each_test_has_an_empty_broker(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)
    outcome(pytester).assert_outcomes(passed=2)


def test_the_same_tests_on_a_broker_that_is_there(
    pytester: pytest.Pytester, kafka: TemporaryBroker
) -> None:
    pytester.makepyfile(TEST)
    outcome(pytester, "--headrace-broker", kafka.bootstrap).assert_outcomes(passed=2)


def test_the_option_is_checked_and_explained(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)
    wrong = outcome(pytester, "--headrace-broker", "kafak")
    wrong.stdout.fnmatch_lines(["*expected mock, kafka or HOST:PORT, got 'kafak'*"])
    wrong.assert_outcomes(errors=2)
    outcome(pytester, "--help").stdout.fnmatch_lines(["*--headrace-broker=mock|kafka|HOST:PORT*"])


def test_records_are_written_as_testing_run_takes_them() -> None:
    with BrokerForTests(hr.MockBroker(bars=1)) as broker:
        assert repr(broker) == f"BrokerForTests({broker.bootstrap})"
        records = [{"Ticker": "IBM", "Close": 1.5}, b"{", None, ("IBM", {"Close": 2.5})]
        assert broker.write("bars", records) == 4
        bars = hr.kafka("bars", bootstrap=broker.bootstrap, schema=SCHEMA, until="end")
        good, bad = bars.collect(rejected=True)
        assert good["Close"].tolist() == [1.5]
        assert bad["reason"].tolist() == ["invalid_json", "missing_field"]
        assert bad["key"].tolist()[1] == b"IBM"
        assert bad["offset"].tolist() == [1, 3]  # a null value lies between them


def test_pytest_finds_it_where_headrace_is_installed() -> None:
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    section = re.search(r'\[project.entry-points.pytest11\]\nheadrace = "(.+)"', text)
    assert section
    assert section.group(1) == "headrace.pytest_plugin"


def test_headrace_itself_does_not_import_pytest() -> None:
    code = "import sys, headrace, headrace.testing, headrace.cli; print('pytest' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n"
