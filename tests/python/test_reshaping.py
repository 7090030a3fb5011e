"""Wide rows to long ones, and lists taken apart: arguments, frames, what is said."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import headrace as hr
from headrace import testing

WIDE = hr.Schema(
    {"at": hr.timestamp, "plant": hr.string, "t1": hr.float64, "t2": hr.nullable(hr.int64)},
    event_time="at",
    key="plant",
)
CAMERA = hr.Schema(
    {
        "at": hr.timestamp,
        "camera": hr.string,
        "objects": hr.nullable(hr.list_({"label": hr.string, "confidence": hr.float64})),
    },
    event_time="at",
    key="camera",
)
EVENTS = [
    {"at": "2026-03-02T14:30:00Z", "camera": "gate", "objects": [
        {"label": "car", "confidence": 0.9, "id": 7}, {"label": "dog", "confidence": 1}]},
    {"at": "2026-03-02T14:30:01Z", "camera": "yard", "objects": []},
    {"at": "2026-03-02T14:30:02Z", "camera": "yard", "objects": None},
    {"at": "2026-03-02T14:30:03Z", "camera": "gate", "objects": [
        {"label": "car", "confidence": 0.25}]},
]  # fmt: skip


def wide() -> hr.Stream:
    return hr.kafka("plants", schema=WIDE)


def readings(rows: int) -> list[dict[str, object]]:
    return [
        {
            "at": f"2026-03-02T14:{i // 60:02}:{i % 60:02}Z",
            "plant": "AB"[i % 2],
            "t1": i / 4,
            "t2": None if i % 3 == 0 else i,
        }
        for i in range(rows)
    ]


def test_unpivot_gives_a_row_for_each_column() -> None:
    long = testing.run(wide().unpivot(["t1", "t2"]), readings(3))
    assert long.columns.tolist() == ["at", "plant", "variable", "value"]
    assert long["variable"].tolist() == ["t1", "t2"] * 3
    assert long["value"].fillna(-1).tolist() == [0.0, -1.0, 0.25, 1.0, 0.5, 2.0]
    assert long["plant"].tolist() == ["A", "A", "B", "B", "A", "A"]


def test_unpivot_keeps_what_is_named_or_all_others() -> None:
    by_index = wide().unpivot(index=["at", "plant"])
    assert by_index.schema == wide().unpivot(["t1", "t2"]).schema
    assert by_index.schema.key == "plant"
    assert by_index.schema.event_time == "at"
    long = wide().unpivot(["t1"], index=[], variable_name="sensor", value_name="v", key="sensor")
    assert long.schema == hr.Schema({"sensor": hr.string, "v": hr.float64}, key="sensor")


def test_each_sensor_has_a_state_of_its_own_where_the_names_are_the_key() -> None:
    long = wide().unpivot(["t1", "t2"], variable_name="sensor", key="sensor")
    before = testing.run(long.with_columns(before=hr.col("value").shift(1)), readings(4))
    assert before["before"].fillna(-1).tolist() == [-1, -1, 0.0, -1, 0.25, 1.0, 0.5, 2.0]


def test_rows_of_one_sensor_can_be_looked_at() -> None:
    frame = pd.DataFrame({"t1": [1.0, 2.0], "t2": [3.0, 4.0]})
    with hr.from_frame(frame).unpivot(["t1", "t2"], index=[], key="variable").run() as live:
        assert live.wait("30s")
    assert live.frame(key="t2")["value"].tolist() == [3.0, 4.0]


def test_steps_after_unpivot_and_explode_do_not_depend_on_the_cuts() -> None:
    long = wide().unpivot(["t1", "t2"], variable_name="s", key="s")
    testing.assert_batch_invariant(
        long.with_columns(hr.ta.sma("value", timeperiod=3)).sort_within("5s"), readings(200)
    )
    testing.assert_batch_invariant(
        hr.kafka("cameras", schema=CAMERA)
        .explode("objects", keep_empty=True)
        .with_columns(mean=hr.ta.sma("objects.confidence", timeperiod=2)),
        EVENTS * 20,
    )


def test_unpivot_says_what_is_wrong() -> None:
    with pytest.raises(hr.HeadraceError, match="expected the columns to unpivot"):
        wide().unpivot()
    with pytest.raises(hr.HeadraceError, match="key=\"variable\", got 'plant'"):
        wide().unpivot(["t1"], key="plant")
    with pytest.raises(hr.HeadraceError, match='no column "t3"; did you mean "t1"'):
        wide().unpivot(["t3"])
    with pytest.raises(hr.HeadraceError, match="columns of one type"):
        wide().unpivot(["t1", "plant"], index=["at"], key="variable")
    with pytest.raises(hr.HeadraceError, match='the key "plant" must be in it'):
        wide().unpivot(["t1", "t2"], index=["at"])
    with pytest.raises(hr.HeadraceError, match="variable_name: expected a column name, got 5"):
        wide().unpivot(["t1"], variable_name=5)  # type: ignore[arg-type]
    with pytest.raises(hr.HeadraceError, match="on: expected column names, got 5"):
        wide().unpivot([5])  # type: ignore[list-item]
    assert ".unpivot(t1, t2 -> variable, value)" in repr(wide().unpivot(["t1", "t2"]))


def test_lists_are_checked_and_shown_as_json() -> None:
    bad = {"at": "2026-03-02T14:30:09Z", "camera": "gate", "objects": [{"label": 5}]}
    stream = hr.kafka("cameras", schema=CAMERA)
    frame, rejected = testing.run(stream, [*EVENTS, bad], rejected=True)
    assert json.loads(frame["objects"][0]) == EVENTS[0]["objects"]
    assert frame["objects"][1] == "[]"
    assert pd.isna(frame["objects"][2])
    detail = 'field "objects[0].label": expected string, got 5'
    assert rejected["detail"].tolist() == [detail]


def test_explode_gives_a_row_for_each_element() -> None:
    stream = hr.kafka("cameras", schema=CAMERA).explode("objects")
    rows = testing.run(stream, EVENTS)
    assert stream.columns == ["at", "camera", "objects.label", "objects.confidence"]
    assert rows["objects.label"].tolist() == ["car", "dog", "car"]
    assert rows["camera"].tolist() == ["gate", "gate", "gate"]
    kept = testing.run(hr.kafka("c", schema=CAMERA).explode("objects", keep_empty=True), EVENTS)
    assert kept["objects.label"].isna().tolist() == [False, False, True, True, False]
    assert repr(stream).endswith(".explode(objects)")


def test_lists_of_a_frame_are_taken_too() -> None:
    frame = pd.DataFrame(EVENTS)
    frame["at"] = pd.to_datetime(frame["at"])
    stream = hr.kafka("cameras", schema=CAMERA).explode("objects")
    expected = ["car", "dog", "car"]
    assert stream.collect(frame)["objects.label"].tolist() == expected
    text = hr.kafka("cameras", schema=CAMERA).collect(frame)  # JSON text, as frames show it
    assert stream.collect(text)["objects.label"].tolist() == expected
    arrow = pytest.importorskip("pyarrow").Table.from_pandas(frame)
    assert stream.collect(arrow, as_="pandas")["objects.label"].tolist() == expected
    polars = pytest.importorskip("polars").from_pandas(frame)
    assert stream.collect(polars, as_="pandas")["objects.label"].tolist() == expected
    text.loc[0, "objects"] = '[{"label": "car"}]'
    rows, rejected = stream.collect(text, rejected=True)
    assert len(rows) == 1
    assert rejected["detail"].tolist() == ['field "objects[0].confidence": missing']


def test_a_list_goes_to_kafka_as_a_list() -> None:
    with hr.MockBroker(cameras=1, out=1) as broker:
        hr.replay(pd.DataFrame(EVENTS), to="cameras", bootstrap=broker.bootstrap, key="camera")
        cameras = hr.kafka("cameras", bootstrap=broker.bootstrap, schema=CAMERA, until="end")
        with cameras.to_kafka("out").run() as live:
            live.wait("30s")
        again = hr.kafka("out", bootstrap=broker.bootstrap, schema=CAMERA, until="end")
        assert again.explode("objects").collect()["objects.label"].tolist() == ["car", "dog", "car"]


def test_explode_says_what_is_wrong() -> None:
    stream = hr.kafka("cameras", schema=CAMERA)
    with pytest.raises(hr.HeadraceError, match='column "camera" is no list but string'):
        stream.explode("camera")
    with pytest.raises(hr.HeadraceError, match='no column "object"; did you mean "objects"'):
        stream.explode("object")
    with pytest.raises(hr.HeadraceError, match="expected the name of a column of lists, got 5"):
        stream.explode(5)  # type: ignore[arg-type]
    with pytest.raises(hr.HeadraceError, match="lists are read from JSON, not from csv"):
        hr.kafka("cameras", schema=CAMERA, format="csv").select("camera")
