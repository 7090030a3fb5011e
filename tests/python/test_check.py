"""headrace check: what it says and what it returns, against topics and files."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

import headrace as hr
from headrace import _core
from headrace.broker import TemporaryBroker
from headrace.check import Report, check
from headrace.check_report import FITS, MISFIT, NOT_CHECKED
from headrace.cli import main
from headrace.errors import InvalidArgument
from headrace.replay import produce

FRAME = hr.market.bars(rows=300, tickers=3, seed=8)
RECORDS = list(hr.market.records(FRAME))

PIPELINE = """
    import headrace as hr

    bars = hr.kafka("bars", bootstrap="127.0.0.1:1", schema=hr.market.SCHEMA)
    features = bars.with_columns(hr.ta.bbands("Close", 20)).to_kafka("signals")

    live = features.run()
    live.plot("Close", key="ACME").save("never.png")
    live.wait(records=10**9)
    print(live.frame(last=3))
"""


@pytest.fixture
def broker():
    with hr.MockBroker(bars=2) as mock:
        yield mock


@pytest.fixture
def script(tmp_path: Path):
    def write(body: str) -> Path:
        path = tmp_path / "pipeline.py"
        path.write_text(textwrap.dedent(body))
        return path

    return write


def checked(path: Path, broker: hr.MockBroker, **options: object) -> Report:
    return check(path, bootstrap=broker.bootstrap, **options)


def test_a_pipeline_that_fits(broker, script, tmp_path: Path) -> None:
    produce(RECORDS, to="bars", bootstrap=broker.bootstrap)
    report = checked(script(PIPELINE), broker, records=100)
    assert report.errors == []
    assert report.exit_code == FITS
    [stream] = report.streams
    assert stream.where == "pipeline.py:7"
    assert stream.stream.startswith(f"bars on {broker.bootstrap}\n")
    assert (stream.records, stream.rows, stream.rejected) == (100, 100, {})
    assert stream.columns[:2] == ["Date timestamp", "Ticker string"]
    assert str(report).endswith("\nfits")
    assert [path.name for path in tmp_path.iterdir()] == ["pipeline.py"]  # no chart was saved


def test_the_sample_is_of_both_ends_of_the_topic(broker, script) -> None:
    produce([*RECORDS, (b"ACME", b"{")], to="bars", bootstrap=broker.bootstrap)
    produce([(b"ACME", b'{"Close": 1}')], to="bars", bootstrap=broker.bootstrap)
    report = checked(script(PIPELINE), broker, records=20)
    [stream] = report.streams
    assert stream.records == 20
    assert stream.rejected == {"invalid_json": 1, "missing_field": 1}
    low_and_high = _core.Admin(broker.bootstrap, {}).watermarks("bars", 10_000)
    last = max(high for _, high in low_and_high.values()) - 1
    assert f"@{last} key=ACME" in stream.first_rejects["missing_field"]
    assert f"@{last - 1} key=ACME" in stream.first_rejects["invalid_json"]
    assert report.exit_code == MISFIT
    assert checked(script(PIPELINE), broker, records=20, max_rejected=2).exit_code == FITS


def test_every_partition_is_a_task_of_its_own(broker, script) -> None:
    # Taken together, the partitions' event times would go back, and the rule would refuse them.
    produce(RECORDS, to="bars", bootstrap=broker.bootstrap)
    body = """
        import headrace as hr
        date = hr.col("Date")
        bars = hr.kafka("bars", schema=hr.market.SCHEMA)
        rule = date.shift(1).is_null() | (date >= date.shift(1))
        bars.validate(rule).run()
    """
    [stream] = checked(script(body), broker).streams
    assert (stream.rows, stream.rejected) == (stream.records, {})


def test_what_rules_refuse_is_told_and_is_no_misfit(broker, script) -> None:
    produce(RECORDS[:50], to="bars", bootstrap=broker.bootstrap)
    body = """
        import headrace as hr
        bars = hr.kafka("bars", schema=hr.market.SCHEMA)
        bars.validate(cheap=hr.col("Close") < 0).run(on_error="raise")
    """
    report = checked(script(body), broker)
    assert report.streams[0].rejected == {"rule": 50}
    assert "cheap" in str(report)
    assert report.exit_code == FITS


def test_a_misspelt_column_is_told_with_its_line(broker, script) -> None:
    produce(RECORDS[:50], to="bars", bootstrap=broker.bootstrap)
    body = """
        import headrace as hr
        bars = hr.kafka("bars")
        bars.with_columns(hr.ta.rsi("Clos")).run()
    """
    report = checked(script(body), broker)
    assert report.exit_code == MISFIT
    [error] = report.errors
    assert error.startswith("pipeline.py:4: UnknownColumn: ")
    assert 'did you mean "Close"?' in error


def test_a_misspelt_column_of_a_chart_is_told(broker, script) -> None:
    produce(RECORDS[:50], to="bars", bootstrap=broker.bootstrap)
    body = """
        import headrace as hr
        hr.kafka("bars", schema=hr.market.SCHEMA).run().plot("Clos")
    """
    report = checked(script(body), broker)
    assert report.exit_code == MISFIT
    assert 'did you mean "Close"?' in report.errors[0]


def test_a_model_that_is_not_there(broker, script) -> None:
    produce(RECORDS[:50], to="bars", bootstrap=broker.bootstrap)
    body = """
        import headrace as hr
        bars = hr.kafka("bars", schema=hr.market.SCHEMA)
        bars.predict("gone.pt", inputs=["Close"]).run()
    """
    report = checked(script(body), broker)
    assert report.exit_code == MISFIT
    assert "pipeline.py:4: ModelError: no model file 'gone.pt'" in report.errors[0]


def test_fields_that_nobody_reads_and_columns_that_nobody_fills(broker, script) -> None:
    values = [{"Ticker": "IBM", "quote": {"close": 1.5, "vol": 3}} for _ in range(4)]
    pairs = [(None, json.dumps(value).encode()) for value in values]
    produce([*pairs, (None, None)], to="bars", bootstrap=broker.bootstrap)
    body = """
        import headrace as hr
        hr.kafka("bars", schema=hr.Schema({
            "Ticker": hr.string, "quote.clos": hr.nullable(hr.float64)})).run()
    """
    report = checked(script(body), broker)
    [stream] = report.streams
    assert stream.tombstones == 1
    assert report.exit_code == FITS
    absent, unread = stream.notes
    assert absent.startswith('no field "quote.clos"; did you mean "quote.close"?')
    assert unread == 'fields that no column reads: "quote.close" (4 of 4), "quote.vol" (4 of 4)'


def test_what_keeps_it_from_being_checked(broker, script, kafka: TemporaryBroker) -> None:
    report = checked(script(PIPELINE), broker)
    assert report.exit_code == NOT_CHECKED
    assert "no records to check against" in str(report)

    body = 'import headrace as hr\nhr.kafka("bars").select("Close").run()\n'
    report = checked(script(body), broker)
    assert report.exit_code == NOT_CHECKED
    assert 'pipeline.py:2: KafkaError: topic "bars" on' in report.errors[0]
    assert "no records" in report.errors[0]

    report = check(script(PIPELINE), bootstrap="127.0.0.1:1")
    assert report.exit_code == NOT_CHECKED
    assert "pipeline.py:4: BrokerUnavailable: " in report.errors[0]
    assert "127.0.0.1:1" in report.errors[0]

    body = 'import headrace as hr\nhr.kafka("check-gone", schema=hr.market.SCHEMA).run()\n'
    report = check(script(body), bootstrap=kafka.bootstrap)
    assert report.exit_code == NOT_CHECKED
    assert "TopicNotFound" in report.errors[0]
    assert '"check-gone"' in report.errors[0]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("import headrace as hr\n1 / 0\n", "pipeline.py:2: ZeroDivisionError: "),
        ("import headrace as hr\nif\n", "pipeline.py:2: SyntaxError"),
        ("import headrace as hr\n", "names no stream; streams made below __main__"),
        ("import sys\nsys.exit(3)\n", "pipeline.py: ended with exit code 3"),
        ("import gone_for_good\n", "pipeline.py:1: ModuleNotFoundError"),
    ],
)
def test_scripts_that_cannot_be_checked(body: str, said: str, script) -> None:
    report = check(script(body))
    assert report.exit_code == NOT_CHECKED
    assert said in report.errors[0]


def test_streams_below_main_and_streams_that_only_have_names(broker, script) -> None:
    produce(RECORDS[:50], to="bars", bootstrap=broker.bootstrap)
    body = """
        import headrace as hr
        bars = hr.kafka("bars", schema=hr.market.SCHEMA)
        features = bars.with_columns(hr.ta.rsi("Close"))
        other = bars.select("Close")
        if __name__ == "__main__":
            bars.select("Volume").run()
    """
    report = checked(script(body), broker)
    assert [stream.where for stream in report.streams] == ["pipeline.py", "pipeline.py"]
    assert "rsi" in report.streams[0].stream  # `bars` is the beginning of both
    report = checked(script(body), broker, main=True)
    assert [stream.where for stream in report.streams] == [
        "pipeline.py:7",
        "pipeline.py",
        "pipeline.py",
    ]


@pytest.mark.parametrize("schema", ["schema=hr.market.SCHEMA", 'event_time="Date", key="Ticker"'])
def test_a_file_in_place_of_the_topic(schema: str, script, tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "bars.csv", index=False)
    lines = [value for _, value in RECORDS]
    (tmp_path / "bars.jsonl").write_bytes(b"\n".join([*lines, b'{"Ticker": "IBM"}']))
    body = f"""
        import headrace as hr
        bars = hr.kafka("bars", {schema}, group="of-the-user")
        assert hr.Schema.from_topic("bars").names == list(hr.market.SCHEMA)
        assert len(bars.head(3)) == 3
        bars.with_columns(hr.ta.rsi("Close")).to_kafka("signals").run()
    """
    fits = check(script(body), file=tmp_path / "bars.csv")
    assert fits.errors == []
    assert fits.exit_code == FITS
    assert fits.streams[0].records == len(FRAME)
    misfit = check(script(body), file=tmp_path / "bars.jsonl")
    assert misfit.exit_code == MISFIT
    assert misfit.streams[0].rejected == {"missing_field": 1}
    assert f"@{len(RECORDS)}" in misfit.streams[0].first_rejects["missing_field"]


def test_nothing_is_written_committed_or_created(kafka: TemporaryBroker, script) -> None:
    admin = _core.Admin(kafka.bootstrap, {})
    admin.create_topic("check-bars", 2, {}, 20_000)
    produce(RECORDS, to="check-bars", bootstrap=kafka.bootstrap)
    before = admin.watermarks("check-bars", 20_000)
    body = """
        import headrace as hr
        hr.replay(hr.market.bars(rows=9, tickers=1), to="check-bars")
        bars = hr.kafka("check-bars", group="check-group", schema=hr.market.SCHEMA)
        assert hr.Schema.from_topic("check-bars").names == list(hr.market.SCHEMA)
        assert len(bars.head(3)) == 3
        live = bars.to_kafka("check-signals", dead_letters="check-letters").run()
        assert live.wait(seconds=3600)
        assert hr.run_for("1h", live)[0].rows > 0
    """
    report = check(script(body), bootstrap=kafka.bootstrap)
    assert report.errors == []
    assert report.exit_code == FITS
    assert admin.watermarks("check-bars", 20_000) == before
    topics = set(admin.topics(20_000))
    assert not topics & {"check-signals", "check-letters"}
    # A group that nobody ever used begins at the earliest record, not behind what was sampled.
    stream = hr.kafka(
        "check-bars",
        bootstrap=kafka.bootstrap,
        group="check-group",
        schema=hr.market.SCHEMA,
        until="end",
    )
    assert len(stream.collect()) == len(RECORDS)


def test_arguments(script, tmp_path: Path) -> None:
    path = script("")
    with pytest.raises(InvalidArgument, match="records"):
        check(path, records=0)
    with pytest.raises(InvalidArgument, match="not both"):
        check(path, bootstrap="x:1", file=path)
    with pytest.raises(InvalidArgument, match="no file"):
        check(path, file=tmp_path / "gone.csv")
    with pytest.raises(InvalidArgument, match="no script"):
        check(tmp_path / "gone.py")
    assert main(["check", "gone.py"]) == NOT_CHECKED


def test_the_command(broker, script, capfd: pytest.CaptureFixture[str]) -> None:
    produce(RECORDS[:60], to="bars", bootstrap=broker.bootstrap)
    path = str(script(PIPELINE))
    assert main(["check", path, "--bootstrap", broker.bootstrap, "--records", "40"]) == FITS
    said = capfd.readouterr()
    assert said.out.splitlines()[-1] == "fits"
    assert "sample: 40 records, 40 rows come out" in said.out
    assert "bbands_middle" in said.err  # what the script prints is not part of the report
    produce([(b"ACME", b"{")], to="bars", bootstrap=broker.bootstrap)
    assert main(["check", path, "--bootstrap", broker.bootstrap]) == MISFIT
    assert capfd.readouterr().out.splitlines()[-1] == "does not fit"
    assert main(["check", path, "--bootstrap", "127.0.0.1:1"]) == NOT_CHECKED
    assert capfd.readouterr().out.splitlines()[-1] == "not checked"
