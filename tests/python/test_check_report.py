from headrace.check_report import FITS, MISFIT, NOT_CHECKED, Report, StreamReport


def stream(**rejected: int) -> StreamReport:
    return StreamReport(
        where="pipeline.py:8",
        stream="ohlcv on localhost:9092",
        records=250,
        rows=247,
        tombstones=1,
        columns=["Close float64", "Volume int64"],
        rejected=rejected,
        first_rejects={"wrong_type": 'ohlcv[0]@7: field "Close": expected number, got "n/a"'},
        notes=['fields that no column reads: "Open" (250 of 250)'],
    )


def test_rules_and_late_records_are_no_misfits() -> None:
    assert stream(rule=3, late=2, duplicate=1).misfits == 0
    assert stream(rule=3, wrong_type=2, missing_field=1).misfits == 3


def test_the_exit_code_is_that_of_the_worst() -> None:
    assert Report([stream(rule=9)]).exit_code == FITS
    assert Report([stream(), stream(wrong_type=1)]).exit_code == MISFIT
    assert Report([stream(wrong_type=1)], max_rejected=1).exit_code == FITS
    assert Report([stream()], wrong=True).exit_code == MISFIT
    assert Report([stream(wrong_type=1)], unchecked=True).exit_code == NOT_CHECKED
    assert Report().exit_code == NOT_CHECKED


def test_it_reads_as_a_person_would_write_it() -> None:
    report = Report([stream(wrong_type=2, rule=1)], errors=["pipeline.py:9: ValueError: no"])
    assert (
        str(report)
        == """\
pipeline.py:8: ohlcv on localhost:9092
  columns: Close float64, Volume int64
  sample: 250 records, 247 rows come out, 1 null values
  rejected: 1 of 250, rule
  rejected: 2 of 250, wrong_type
    ohlcv[0]@7: field "Close": expected number, got "n/a"
  note: fields that no column reads: "Open" (250 of 250)
pipeline.py:9: ValueError: no
does not fit"""
    )
