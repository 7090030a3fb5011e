"""The benchmark's own arithmetic: W1, ratios, verdicts, interleaving. No broker, no clock."""

from __future__ import annotations

import hashlib
import itertools
import json
import sys
from pathlib import Path

import pytest

from tests.bench import cases, figures, measure, native, table, ticks, topics, w1
from tests.bench.figures import Bar
from tests.bench.measure import Case, Measurement

ROOT = Path(__file__).parents[2]


def run_of(seconds: float, **more: float) -> Measurement:
    return Measurement(records=1_000_000, seconds=seconds, extra=more)


def script(name: str, code: str, runs: int = 1) -> Case:
    return Case(name, lambda: [sys.executable, "-c", code], runs=runs)


def test_w1_is_the_same_bytes_every_time() -> None:
    def digest(seed: int) -> str:
        return hashlib.sha256(b"\n".join(w1.values(w1.make_bars(1_000, seed)))).hexdigest()

    assert digest(w1.SEED) == digest(w1.SEED)
    assert digest(w1.SEED) != digest(w1.SEED + 1)


def test_w1_records_are_bars_of_about_150_bytes() -> None:
    bars = w1.make_bars(10_000)
    values = list(w1.values(bars))
    parsed = [json.loads(value) for value in values]
    assert list(parsed[0]) == [
        "Date", "Ticker", "Open", "High", "Low", "Close", "Adj Close", "Volume", "Label",
    ]  # fmt: skip
    assert all(bar["Low"] <= min(bar["Open"], bar["Close"]) for bar in parsed)
    assert all(bar["High"] >= max(bar["Open"], bar["Close"]) for bar in parsed)
    assert [bar["Ticker"].encode() for bar in parsed] == list(w1.keys(bars))
    assert 140 < sum(map(len, values)) / len(values) < 165


def test_w1_has_every_ticker_once_a_minute_and_no_flat_price() -> None:
    bars = w1.make_bars(50 * w1.TICKERS)
    minutes = bars.ticker.reshape(50, w1.TICKERS)
    assert all(sorted(minute) == list(range(w1.TICKERS)) for minute in minutes.tolist())
    assert minutes[0].tolist() != minutes[1].tolist()
    assert len(set(w1.ticker_names())) == w1.TICKERS
    for ticker in range(w1.TICKERS):
        assert len(set(bars.close[bars.ticker == ticker].tolist())) > 1


def test_ticks_are_the_same_every_time_and_in_order() -> None:
    made, again = ticks.make_ticks(5_000), ticks.make_ticks(5_000)
    assert (made.time == again.time).all()
    assert (made.price == again.price).all()
    assert (made.price != ticks.make_ticks(5_000, seed=1).price).any()
    assert (made.time[1:] >= made.time[:-1]).all()
    assert set(made.key.tolist()) <= set(range(len(ticks.key_names())))
    assert (made.volume > 0).all()
    assert (made.price > 0).all()


def test_metrics() -> None:
    run = Measurement(2_000_000, 0.5, 0.4, 80.0, extra={"p50_us": 300.0})
    found = [run.metric(name) for name in ("rate", "cpu", "peak", "seconds", "p50_us")]
    assert found == pytest.approx([4000.0, 0.2, 80.0, 0.5, 300.0])


def test_ratio_is_of_medians_and_spread_of_pairs() -> None:
    bar = Bar("x", "J1", "x", case="a", against="b", metric="rate", must=0.7, aim=1.0)
    measured = {
        "a": [run_of(1.0), run_of(2.0), run_of(4.0)],
        "b": [run_of(1.0), run_of(1.0), run_of(1.0)],
    }
    (figure,) = figures.compute([bar], measured, [])
    assert (figure.value, figure.low, figure.high) == pytest.approx((0.5, 0.25, 1.0))
    assert figure.verdict == "BELOW"


@pytest.mark.parametrize(
    ("value", "lower", "verdict"),
    [
        (0.95, False, "aim"),
        (0.75, False, "must"),
        (0.5, False, "BELOW"),
        (0.5, True, "aim"),
        (0.8, True, "BELOW"),
    ],
)
def test_verdict(value: float, lower: bool, verdict: str) -> None:
    aim = 0.6 if lower else 0.9
    bar = Bar("x", "micro", "x", micro="m", lower=lower, must=0.7, aim=aim)
    (figure,) = figures.compute([bar], {}, [{"name": "m", "ratio": value}])
    assert figure.verdict == verdict


def test_slowest_run_against_median() -> None:
    bar = Bar("x", "slow", "x", case="a", metric="seconds", of="max_over_median", lower=True)
    (figure,) = figures.compute([bar], {"a": [run_of(1.0), run_of(1.0), run_of(1.9)]}, [])
    assert figure.value == pytest.approx(1.9)
    assert figure.verdict == "info"


def test_figures_without_measurements_are_left_out() -> None:
    measured = {"ours_j1@p1-none": [run_of(1.0)]}
    assert figures.compute(figures.load_bars(), measured, []) == []


def test_bars_are_consistent_and_every_case_exists() -> None:
    bars = figures.load_bars()
    assert len({bar.id for bar in bars}) == len(bars)
    for bar in bars:
        assert bool(bar.case) != bool(bar.micro)
        if bar.must is not None and bar.aim is not None:
            assert (bar.aim < bar.must) == bar.lower
    for name in cases.names(bars):
        job, _, layout = name.partition("@")
        program = cases.program_of(job)
        python, native = f"tests/bench/jobs/{job}.py", f"cpp/bench/{program}.cpp"
        assert (ROOT / (native if program else python)).is_file(), name
        own = layout in (cases.FRESH, cases.MEMORY)
        assert own or f"ohlcv-{layout}" in {t.name for t in topics.all_topics()}


def test_a_micro_benchmark_gives_its_ratio_or_its_value() -> None:
    line = {"name": "m", "value": 2e8, "peer": "p", "peer_value": 4e8, "ratio": 0.5}
    ratio = Bar("x", "micro", "x", micro="m")
    value = Bar("y", "micro", "y", micro="m", field="value", scale=1e-6)
    assert [f.value for f in figures.compute([ratio, value], {}, [line])] == [0.5, 200.0]


def test_micro_lines_are_read_from_what_a_program_prints(tmp_path: Path) -> None:
    program = tmp_path / "bench_x"
    program.write_text('#!/bin/sh\necho warming up\necho \'{"name": "m", "ratio": 0.5}\'\n')
    program.chmod(0o755)
    assert native.find("bench_x", tmp_path) == program
    assert native.find("bench_y", tmp_path) is None
    assert native.run_micro(program) == [{"name": "m", "ratio": 0.5}]


def test_a_case_brings_its_environment() -> None:
    code = 'import json, os; print(json.dumps({"records": int(os.environ["MANY"])}))'
    case = Case("a", lambda: [sys.executable, "-c", code], environment={"MANY": "7"})
    assert measure.run_once(case).records == 7


def test_cases_in_memory_have_one_thread_and_no_topic(tmp_path: Path) -> None:
    place = cases.Place("nowhere:1", tmp_path, None, 1, ticks=50)
    case = cases.make(place, f"ours_ticks@{cases.MEMORY}")
    assert json.loads(case.stdin)["options"] == {"ticks": "50"}
    assert case.environment == {"POLARS_MAX_THREADS": "1"}
    assert cases.layouts([case.name, "ours_j1@p1-none"]) == [topics.Topic(1, "none")]


@pytest.mark.parametrize("every", ["1m", "1h"])
def test_bars_of_polars_in_micro_batches_are_ours(every: str) -> None:
    polars = pytest.importorskip("polars")
    from polars.testing import assert_frame_equal

    import headrace as hr
    from tests.bench.jobs.bars import bars_of
    from tests.bench.jobs.polars_bars import MicroBatchBars

    rows = [json.loads(value) for value in w1.values(w1.make_bars(90 * w1.TICKERS + 7))]
    date = polars.col("Date").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="ns")
    frame = polars.DataFrame(rows).with_columns(date.dt.replace_time_zone("UTC"))
    state = MicroBatchBars(every)
    cut = [0, 3, 5, 100, 101, 4_000, 4_150, 8_000, frame.height]
    peer = polars.concat([state.update(frame[a:b]) for a, b in itertools.pairwise(cut)])
    peer = polars.concat([peer, state.finish()])

    stream = hr.from_frame(frame, event_time="Date", key="Ticker")
    ours = bars_of(stream, every, key="Ticker", price="Close", volume="Volume")
    expected = ours.collect(as_="polars").drop("window_end").rename({"window_start": "Date"})
    assert_frame_equal(
        peer.select(expected.columns).sort("Ticker", "Date"),
        expected.sort("Ticker", "Date"),
        check_dtypes=False,
        rel_tol=1e-12,
    )


def test_jobs_in_memory_agree_on_their_bars(tmp_path: Path) -> None:
    pytest.importorskip("polars")
    place = cases.Place("nowhere:1", tmp_path, None, 1, ticks=20_000)
    names = ["ours_ticks", "peer_ticks", "peer_ticks_truncate"]
    runs = {f"{n}@memory": [measure.run_once(cases.make(place, f"{n}@memory"))] for n in names}
    assert [run.records for (run,) in runs.values()] == [20_000] * len(names)
    assert measure.different_checksums(runs) == []


def test_interleave_changes_the_order_and_drops_the_warm_up() -> None:
    order: list[str] = []

    def case(name: str) -> Case:
        def start() -> list[str]:
            order.append(name)
            return [sys.executable, "-c", 'print(\'{"records": 1, "seconds": 1.0}\')']

        return Case(name, start)

    found = measure.interleave([case("a"), case("b")], 2, lambda _: None)
    assert {name: len(runs) for name, runs in found.items()} == {"a": 2, "b": 2}
    assert order == ["a", "b", "b", "a", "a", "b"]


def test_a_failing_case_is_said_once_and_left_out() -> None:
    notes: list[str] = []
    bad = script("bad", "raise SystemExit('no broker')", runs=3)
    good = script("good", 'print(\'{"records": 1, "seconds": 1.0}\')')
    found = measure.interleave([bad, good], 2, notes.append)
    assert list(found) == ["good"]
    assert [note for note in notes if "done" not in note] == ["bad ended with 1: no broker"]


def test_different_checksums_are_named_per_topic() -> None:
    def runs(value: float | str) -> list[Measurement]:
        return [Measurement(1, checksums={"Close": value})]

    assert measure.different_checksums({"a@x": runs(1.0), "b@x": runs(1.0 + 1e-12)}) == []
    assert measure.different_checksums({"a@x": runs(1.0), "b@y": runs(2.0)}) == []
    assert measure.different_checksums({"a@x": runs("f0"), "b@x": runs("f1")}) == [
        "Close: a@x 'f0', b@x 'f1'"
    ]


def test_tables_and_json_hold_what_was_measured() -> None:
    bar = Bar("x", "J1", "J1 against bare", case="a", against="b", metric="rate", must=0.7, aim=1.0)
    measured = {"a": [run_of(1.0, frames=3.0)], "b": [run_of(0.8)]}
    found = figures.compute([bar], measured, [])
    line = table.figure_table(found).splitlines()[2]
    assert line.startswith("J1 against bare")
    assert [cell in line for cell in (">= 0.7", "must", "0.8")] == [True, True, True]
    assert "frames 3" in table.case_table(measured)
    assert "bench_m" in table.micro_table([{"name": "bench_m", "ratio": 0.5}])
    report = table.as_json(found, measured, [], {"cores": 2}, ["trouble"])
    again = json.loads(json.dumps(report))
    assert again["figures"][0]["verdict"] == "must"
    assert again["cases"]["a"][0]["extra"] == {"frames": 3.0}
    assert again["problems"] == ["trouble"]


def test_the_talib_peer_equals_talib_over_the_whole_history() -> None:
    polars = pytest.importorskip("polars")
    pytest.importorskip("talib")
    import numpy as np

    from tests.bench.jobs.base import INDICATORS
    from tests.bench.jobs.talib_stream import TalibStream, indicators

    bars = w1.make_bars(1_500 * w1.TICKERS)
    mine = bars.ticker < 3
    frame = polars.DataFrame(
        {
            "Ticker": [w1.ticker_names()[i] for i in bars.ticker[mine]],
            "High": bars.high[mine],
            "Low": bars.low[mine],
            "Close": bars.close[mine],
        }
    )
    stream = TalibStream()
    cut = [0, 7, 1_000, 1_001, 3_000, frame.height]
    parts = [stream.update(frame[a:b]) for a, b in itertools.pairwise(cut)]
    got = polars.concat(parts)
    for _, rows in got.group_by("Ticker"):
        prices = (rows[name].to_numpy() for name in ("High", "Low", "Close"))
        expected = indicators(*prices)
        ours = rows.select(INDICATORS).to_numpy().T
        np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-9)
