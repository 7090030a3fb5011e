import logging
import time

import pytest

import headrace as hr


def test_the_clients_log_goes_to_logging_and_never_to_stderr(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG, logger="headrace.kafka")
    live = hr.kafka("bars", bootstrap="127.0.0.1:1", schema=hr.market.SCHEMA).run()
    deadline = time.monotonic() + 20
    while not caplog.records and time.monotonic() < deadline:
        live.status()
        time.sleep(0.05)
    live.stop()
    assert any("127.0.0.1:1" in record.getMessage() for record in caplog.records)
    assert capfd.readouterr().err == ""
