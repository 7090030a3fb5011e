import pytest

import headrace as hr
from headrace.errors import HeadraceError
from headrace.kafka_source import KafkaSource

SCHEMA = hr.Schema({"x": hr.int64})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"topics": None}, "expected topics or pattern"),
        ({"topics": "a", "pattern": "b"}, "expected topics or pattern"),
        ({"topics": "a", "format": "xml"}, "format: expected one of 'json', 'csv'"),
        ({"topics": "a", "start": "noon"}, "start: expected one of"),
        ({"topics": "a", "start": "group"}, "needs group="),
        ({"topics": ["a", "b"], "start": {0: 1}}, "several topics"),
        ({"topics": "a", "start": {0: -5}}, "offsets from 0"),
        ({"topics": "a", "until": "noon"}, "until"),
        ({"topics": "a", "ingest_threads": 0}, "ingest_threads"),
        ({"topics": "a", "group": "g", "ingest_threads": 2}, "ingest_threads"),
        ({"topics": "a", "log_level": "loud"}, "log_level: expected one of"),
        ({"topics": "a", "config": {"plugin.library.paths": "x.so"}}, "plugin.library.paths"),
        ({"topics": "a", "config": {"sasl.kerberos.kinit.cmd": "sh"}}, "kinit"),
        ({"topics": "a", "config": {"enable.auto.commit": True}}, "enable.auto.commit"),
        ({"topics": "a", "config": {"sasl.pasword": "hunter2"}}, "sasl.pasword"),
    ],
)
def test_settings_are_checked_when_the_line_is_written(options, message) -> None:
    with pytest.raises(HeadraceError, match=message) as caught:
        hr.kafka(schema=SCHEMA, **options)
    assert "hunter2" not in str(caught.value)


def test_it_names_itself_in_a_sentence() -> None:
    def title(*topics: str, **options: str) -> str:
        stream = hr.kafka(list(topics) or None, schema=SCHEMA, **options)  # type: ignore[arg-type]
        assert isinstance(stream._source, KafkaSource)
        return stream._source.title()

    assert title("a") == 'topic "a" on localhost:9092'
    assert title("a", "b", bootstrap="k:1") == 'topics "a", "b" on k:1'
    assert title(pattern="^a") == 'topics matching "^a" on localhost:9092'


def test_nothing_secret_is_shown() -> None:
    config = {
        "security.protocol": "sasl_ssl",
        "sasl.mechanism": "PLAIN",
        "sasl.username": "me",
        "sasl.password": "hunter2",
    }
    stream = hr.kafka("a", schema=SCHEMA, config=config)
    assert "hunter2" not in repr(stream) + repr(stream._source)


@pytest.mark.parametrize(("level", "lines"), [("warning", False), ("debug", True)])
def test_the_log_is_quiet_unless_more_is_asked_for(level, lines, caplog, capfd) -> None:
    from headrace import logs

    with hr.MockBroker(quotes=1) as broker:
        logs.forward()  # what others have left
        caplog.clear()
        with caplog.at_level("DEBUG", logger="headrace.kafka"):
            stream = hr.kafka(
                "quotes", bootstrap=broker.bootstrap, schema=SCHEMA, log_level=level, until="end"
            )
            stream.collect()
            logs.forward()
    said = [record for record in caplog.records if record.name == "headrace.kafka"]
    assert bool(said) is lines
    assert all("[thrd:" not in record.getMessage() for record in said)
    assert capfd.readouterr().err == ""
