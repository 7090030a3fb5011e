import numpy as np
import pandas as pd

import headrace as hr
from headrace.plot.feed import MOST_KEYS, Feed, Keys, Rows, as_floats, places_of_rejects
from tests.python.plot.conftest import FRAME


def test_rows_are_the_newest_of_the_key(live: hr.Live) -> None:
    snapshot = Feed(live, ["Close", "rsi"], 100).read(["BOLT"])
    (rows,) = snapshot.rows
    bolt = FRAME[FRAME["Ticker"] == "BOLT"].tail(100)
    np.testing.assert_array_equal(rows.values["Close"], bolt["Close"])
    np.testing.assert_array_equal(rows.x, np.arange(100.0))
    assert snapshot.places == 100
    assert pd.Timestamp(snapshot.times[-1], tz="UTC") == bolt["Date"].iloc[-1]


def test_keys_share_the_axis_by_event_time(live: hr.Live) -> None:
    snapshot = Feed(live, ["Close"], 1000).read(["ACME", "BOLT"])
    assert (np.diff(snapshot.times) > np.timedelta64(0)).all()
    for rows in snapshot.rows:
        dates = FRAME[FRAME["Ticker"] == rows.key]["Date"].dt.tz_localize(None)
        np.testing.assert_array_equal(snapshot.times[rows.x.astype(int)], dates)


def test_a_key_that_is_not_there_has_no_rows(live: hr.Live) -> None:
    snapshot = Feed(live, ["Close"], 100).read(["NONE"])
    assert snapshot.places == 0
    assert len(snapshot.rows[0].x) == 0


def test_the_signature_tells_whether_there_is_something_new(live: hr.Live) -> None:
    feed = Feed(live, ["Close"], 100)
    assert feed.read(["ACME"]).signature == feed.read(["ACME"]).signature
    assert feed.read(["ACME"]).signature != feed.read(["BOLT"]).signature


def test_without_an_event_time_the_newest_are_at_the_right() -> None:
    frame = pd.DataFrame({"k": list("aabab"), "x": [1.0, 2.0, 3.0, 4.0, 5.0]})
    schema = hr.Schema({"k": hr.string, "x": hr.float64}, key="k")
    with hr.from_frame(frame, schema=schema).run() as live:
        live.wait()
        snapshot = Feed(live, ["x"], 100).read(["a", "b"])
    assert snapshot.times is None
    assert [rows.x.tolist() for rows in snapshot.rows] == [[0.0, 1.0, 2.0], [1.0, 2.0]]


def test_nulls_are_gaps() -> None:
    masked = np.ma.MaskedArray([1, 2, 3], mask=[False, True, False])
    assert np.isnan(as_floats(masked)).tolist() == [False, True, False]
    assert as_floats(np.array([True, False])).tolist() == [1.0, 0.0]


class Counts(Keys):
    """Keys whose counts are given."""

    def __init__(self) -> None:
        super().__init__("k")
        self.given: dict[str, int] = {}

    def _counts(self, frame: object) -> dict[str, int]:
        return self.given

    def see(self, **given: int) -> bool:
        self.given = given
        return self.look(None)  # type: ignore[arg-type]


def test_the_busiest_keys_are_shown_in_order() -> None:
    keys = Counts()
    assert keys.see(**{name: 10 + i for i, name in enumerate("hgfedcba")})
    assert keys.shown == sorted("abcdef")
    assert (len(keys.shown), keys.present) == (MOST_KEYS, 8)


def test_a_key_has_to_be_clearly_busier_to_take_a_place() -> None:
    keys = Counts()
    keys.see(a=10, b=10, c=10, d=10, e=10, f=10)
    assert not keys.see(a=10, b=10, c=10, d=10, e=10, f=10, g=14)
    assert keys.see(a=10, b=10, c=10, d=10, e=10, f=9, g=16)
    assert keys.shown == ["a", "b", "c", "d", "e", "g"]


def test_rejects_are_after_the_row_before_them() -> None:
    rows = Rows("a", np.arange(4.0), {}, np.array([0, 0, 1, 0]), np.array([10, 12, 5, 20]))
    found = places_of_rejects(rows, [(0, 11), (0, 13), (0, 25), (0, 3), (1, 6), (2, 1)])
    # 11 lies after row 0, 13 after row 1, 25 after row 3, 6 of partition 1 after row 2; offset 3 is
    # older than what is shown, and partition 2 is not shown.
    assert found.tolist() == [0.5, 1.5, 2.5, 3.5]
