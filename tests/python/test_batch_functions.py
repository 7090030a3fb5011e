"""Functions of the user's own over batches: what they get, what they return, how they end."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from typing import Any

import pandas as pd
import pytest

import headrace as hr
from headrace import testing
from headrace.batch_functions import name_of, output_schema

BARS = hr.Schema(
    {"at": hr.timestamp, "Ticker": hr.string, "Close": hr.float64, "n": hr.int64},
    event_time="at",
    key="Ticker",
)


def bars(rows: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "at": pd.date_range("2026-03-02", periods=rows, freq="s", tz="UTC"),
            "Ticker": [f"T{i % 3}" for i in range(rows)],
            "Close": [i / 4 for i in range(rows)],
            "n": range(rows),
        }
    )


def stream() -> hr.Stream:
    return hr.kafka("bars", schema=BARS)


def doubled(df: pd.DataFrame) -> pd.DataFrame:
    return df.assign(Close=df["Close"] * 2)


def test_rows_go_in_and_come_back() -> None:
    rows = stream().map_batches(doubled).collect(bars(10_000))
    assert rows["Close"].tolist() == [i / 2 for i in range(10_000)]
    assert rows["Ticker"].tolist() == bars(10_000)["Ticker"].tolist()
    assert stream().map_batches(doubled).schema.key == "Ticker"
    assert stream().map_batches(doubled).schema.event_time == "at"
    assert repr(stream().map_batches(doubled)).endswith(".map_batches(doubled)")


def test_steps_after_it_have_their_state_by_key() -> None:
    changes = stream().map_batches(doubled).with_columns(was=hr.col("Close").shift(1))
    rows = changes.collect(bars(9000))
    assert rows["was"].isna().sum() == 3
    assert (rows["Close"] - rows["was"]).dropna().unique().tolist() == [1.5]


def test_a_function_of_each_row_alone_gives_the_same_bits_however_records_were_cut() -> None:
    mapped = stream().map_batches(doubled).with_columns(hr.ta.sma("Close", timeperiod=3))
    records = bars(300).assign(at=bars(300)["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    testing.assert_batch_invariant(mapped, records.to_dict("records"), cuts=4)


def test_rows_may_be_fewer_or_more() -> None:
    twice = stream().map_batches(lambda df: pd.concat([df, df]).sort_values("n"), schema=BARS)
    assert twice.collect(bars(5))["n"].tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    few = hr.from_frame(bars(5), schema=BARS).map_batches(lambda df: df[df["n"] % 2 == 0])
    with few.run() as live:
        live.wait("30s")
    frame = live.frame(positions=True)
    assert frame["n"].tolist() == [0, 2, 4]
    assert frame["_offset"].tolist() == [4, 4, 4]
    none = stream().map_batches(lambda df: df.iloc[:0])
    assert len(none.collect(bars(5))) == 0


def test_arrow_tables_are_taken_and_given() -> None:
    pa = pytest.importorskip("pyarrow")
    compute = pytest.importorskip("pyarrow.compute")

    def half(table: Any) -> Any:
        assert isinstance(table, pa.Table)
        return table.append_column("half", compute.divide(table["Close"], 2.0))

    mapped = stream().map_batches(half, format="pyarrow")
    assert mapped.schema["half"] == hr.nullable(hr.float64)
    assert mapped.collect(bars(5000))["half"].tolist() == [i / 8 for i in range(5000)]


def test_the_columns_are_told_by_a_frame_without_rows() -> None:
    def changed(df: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "at": df["at"],
                "n": df["n"].astype("float64"),
                "up": df["Close"] > 1,
                "day": df["at"].dt.floor("D"),
                "name": df["Ticker"],
            }
        )

    schema = stream().map_batches(changed).schema
    gap = hr.nullable
    types = {"at": hr.timestamp, "n": gap(hr.float64), "up": gap(hr.bool_)}
    types |= {"day": gap(hr.timestamp), "name": gap(hr.string)}
    assert schema == hr.Schema(types, event_time="at")
    rows = stream().map_batches(changed).collect(bars(5))
    assert rows["up"].tolist() == [False] * 5


def test_a_function_that_wants_rows_keeps_the_columns_or_needs_a_schema() -> None:
    def first(df: pd.DataFrame) -> pd.DataFrame:
        return df.assign(Close=df["Close"] - df["Close"].iloc[0])

    assert output_schema(first, "pandas", BARS)["Close"] == hr.nullable(hr.float64)
    assert stream().map_batches(first).collect(bars(3))["Close"].tolist() == [0, 0.25, 0.5]
    with pytest.raises(hr.errors.SchemaError, match="type of its column 'x' cannot be told"):
        stream().map_batches(lambda df: df.assign(x=pd.Series(dtype=object)))
    given = stream().map_batches(
        lambda df: df[["n"]].assign(x=[f"{n}" for n in df["n"]]),
        schema=hr.Schema({"n": hr.int64, "x": hr.string}),
    )
    assert given.collect(bars(3))["x"].tolist() == ["0", "1", "2"]


def test_gaps_and_lists_go_through() -> None:
    schema = hr.Schema({"x": hr.nullable(hr.int64), "v": hr.nullable(hr.list_(hr.int64))})
    frame = pd.DataFrame({"x": [1, None], "v": [[1, 2], None]})
    mapped = hr.kafka("lists", schema=schema).map_batches(lambda df: df).explode("v")
    assert mapped.collect(frame)["v"].tolist() == [1, 2]
    wrong = hr.kafka("lists", schema=schema).map_batches(lambda df: df.assign(v="[1, null]"))
    with pytest.raises(hr.errors.FunctionError, match=r'row 0: field "v\[1\]": null'):
        wrong.explode("v").collect(frame)


def test_what_it_raises_stops_the_stream_and_says_where() -> None:
    def clean(df: pd.DataFrame) -> pd.DataFrame:
        if len(df) and df["n"].max() >= 4500:
            raise ValueError("no such price")
        return df

    with pytest.raises(hr.errors.FunctionError) as caught:
        stream().map_batches(clean).collect(bars(6000))
    text = str(caught.value)
    assert "map_batches: " in text
    assert "clean: ValueError: no such price (line " in text
    assert '"test_batch_functions.py")' in text
    assert text.endswith("(partition 0, offsets 4096 to 5999)")
    assert caught.value.code == "function"


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda df: None, "it is to return a pandas.DataFrame, got NoneType"),
        (lambda df: df[["n"]], "lacks the column 'at'; schema: at, Ticker, Close, n"),
        (lambda df: df.assign(z=1), "has, beyond the schema, the column 'z'"),
        (lambda df: df.assign(n="a"), 'returned: column "n": expected int64, got string'),
        (lambda df: df.assign(Ticker=None), 'row 0: field "Ticker" is null'),
        (lambda df: df.assign(Ticker=[b"x"] * len(df)), "expected numbers, booleans, timestamps"),
        (lambda df: sys.exit("enough"), "SystemExit: enough"),
    ],
)
def test_what_it_may_not_return(function: Any, said: str) -> None:
    with pytest.raises(hr.errors.FunctionError, match=said):
        stream().map_batches(function, schema=BARS).collect(bars(3))


def test_misuse_is_said_at_the_line() -> None:
    with pytest.raises(hr.errors.InvalidArgument, match="expected a function of a frame, got 5"):
        stream().map_batches(5)  # type: ignore[arg-type]
    with pytest.raises(hr.errors.InvalidArgument, match='no format "panda"; did you mean "pandas"'):
        stream().map_batches(doubled, format="panda")
    with pytest.raises(hr.errors.FunctionError, match="got NoneType"):
        stream().map_batches(lambda df: None)
    with pytest.raises(hr.errors.InvalidArgument, match=r"expected hr.Schema"):
        stream().map_batches(doubled, schema={"a": hr.int64})  # type: ignore[arg-type]
    assert name_of(doubled) == "doubled"


def test_stop_does_not_wait_for_a_function_that_does_not_return() -> None:
    entered, let_go = threading.Event(), threading.Event()

    def blocks(df: pd.DataFrame) -> pd.DataFrame:
        if len(df):
            entered.set()
            let_go.wait(60)
        return df

    live = hr.from_frame(bars(10), schema=BARS).map_batches(blocks).run()
    assert entered.wait(30)
    assert live.status().state == "running"
    began = time.monotonic()
    live.stop()
    assert time.monotonic() - began < 20  # not a minute; how long it takes is a matter of benches
    assert live.status().state == "stopped"
    assert live.status().rows == 0
    let_go.set()


def test_a_function_may_stop_its_stream_or_look_at_it() -> None:
    seen: list[Any] = []

    def looks(df: pd.DataFrame) -> pd.DataFrame:
        if len(df):
            seen.append(live.status().state)
            live.stop()
        return df

    ready = threading.Event()

    def waits(df: pd.DataFrame) -> pd.DataFrame:
        if len(df):
            ready.wait(30)
        return looks(df)

    live = hr.from_frame(bars(10), schema=BARS).map_batches(waits).run()
    ready.set()
    assert live.wait("30s")
    live.stop()
    assert seen == ["running"]


def test_threads_end_with_their_stream() -> None:
    def callers() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == "headrace-map"]

    with hr.from_frame(bars(10), schema=BARS).map_batches(doubled).run() as live:
        live.wait("30s")
        assert live.frame(last=20)["n"].tolist() == list(range(10))
    assert callers() == []
    live = hr.from_frame(bars(10), schema=BARS).map_batches(doubled).run()
    live.wait("30s")
    deadline = time.monotonic() + 30
    while callers() and time.monotonic() < deadline:  # it has ended, and nobody stops it
        time.sleep(0.01)
    assert callers() == []


def test_two_runs_of_one_stream_do_not_mix() -> None:
    mapped = hr.from_frame(bars(5000), schema=BARS).map_batches(doubled)
    with mapped.run() as one, mapped.run() as other:
        assert one.wait("30s")
        assert other.wait("30s")
        assert one.frame(5000).equals(other.frame(5000))


def test_several_partitions_and_threads_share_the_function() -> None:
    with hr.MockBroker(bars=3) as broker:
        hr.replay(bars(3000), to="bars", bootstrap=broker.bootstrap, key="Ticker", event_time="at")
        topic = hr.kafka("bars", bootstrap=broker.bootstrap, schema=BARS, until="end")
        rows = topic.map_batches(doubled).collect(threads=3)
    assert sorted(rows["n"].tolist()) == list(range(3000))
    assert (rows["Close"] == rows["n"] / 2).all()


SCRIPT = """
import os, sys, threading, time
import pandas as pd
import headrace as hr

def blocks(df):
    if len(df):
        print("entered", flush=True)
        {body}
    return df

schema = hr.Schema({{"n": hr.int64}})
frame = pd.DataFrame({{"n": range(10)}})
live = hr.from_frame(frame, schema=schema).map_batches(blocks).run()
{then}
"""


def script(body: str, then: str) -> subprocess.CompletedProcess[str]:
    text = SCRIPT.format(body=body, then=textwrap.dedent(then))
    return subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("body", ["time.sleep(300)", "[None for _ in iter(int, 1)]"])
def test_the_program_ends_while_the_function_runs(body: str) -> None:
    done = script(body, "time.sleep(1.5)")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "entered\n"


def test_ctrl_c_ends_a_wait_while_the_function_runs() -> None:
    done = script(
        "time.sleep(300)",
        """
        import signal
        threading.Timer(1.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        live.wait()
        """,
    )
    assert "KeyboardInterrupt" in done.stderr
    assert "Fatal" not in done.stderr
    assert done.returncode in (130, -2, 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_ends_while_the_function_runs_in_its_parent() -> None:
    done = script(
        "time.sleep(2)",
        """
        time.sleep(1)
        child = os.fork()
        if child == 0:
            try:
                live.stop()
            finally:
                sys.exit(7)
        print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        print(live.wait("30s"), len(live.frame()))
        """,
    )
    assert done.stdout == "entered\nchild 7\nTrue 10\n", done.stderr


def test_without_a_schema_of_the_topic_the_functions_is_needed() -> None:
    with hr.MockBroker(bars=1) as broker:
        waiting = hr.kafka("bars", bootstrap=broker.bootstrap)
        with pytest.raises(hr.errors.SchemaError, match="columns are not known yet; give schema="):
            waiting.map_batches(doubled)
        mapped = waiting.map_batches(doubled, schema=BARS)
        with mapped.run() as live:
            hr.replay(bars(20), to="bars", bootstrap=broker.bootstrap, key="Ticker")
            assert live.wait("30s", rows=20)
            assert live.frame()["Close"].tolist() == [i / 2 for i in range(20)]
