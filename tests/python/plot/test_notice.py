import pytest

from headrace.plot.notice import Scene, notice_of
from headrace.status import Status

NOW = 1_772_447_467  # 10:31:07 UTC


def scene(rows: int = 100, **changes: object) -> Scene:
    return Scene("ohlcv on localhost:9092", rows, "", 3.2, NOW, **changes)  # type: ignore[arg-type]


def test_a_stream_that_runs_is_stamped_and_no_more() -> None:
    notice = notice_of(Status("running"), scene())
    assert (notice.middle, notice.state, notice.badge, notice.grey) == ((), "", "", False)
    assert notice.stamp == "as of 10:31:07 UTC"


def test_without_rows_it_says_what_it_waits_for() -> None:
    notice = notice_of(Status("running"), scene(0))
    assert notice.middle == ("waiting for ohlcv on localhost:9092, 0 records, 3 s",)


def test_without_rows_of_the_key_it_counts_the_others() -> None:
    of_key = Scene("ohlcv", 0, " of key AAPL", 3.2, NOW)
    notice = notice_of(Status("running", records=50, rows=40), of_key)
    assert notice.middle == ("waiting for rows of key AAPL, 40 of other keys so far, 3 s",)


def test_trouble_stands_above_what_it_waits_for() -> None:
    status = Status("running", message="cannot reach 127.0.0.1:19999: connection refused")
    first, second = notice_of(status, scene(0)).middle
    assert first.startswith("cannot reach")
    assert second.startswith("waiting for")


def test_rejects_are_a_badge() -> None:
    status = Status("running", rejected={"type": 2, "missing": 1_200})
    assert notice_of(status, scene()).badge == "1,202 rejected"


def test_a_lost_broker_greys_the_chart() -> None:
    status = Status("running", connection="lost", connection_seconds=7.2)
    notice = notice_of(status, scene())
    assert (notice.middle, notice.grey) == (("reconnecting, 7 s",), True)
    assert notice.state == "reconnecting"


def test_paused() -> None:
    assert notice_of(Status("running"), scene(paused=True)).state == "paused"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status("stopped", reason="stopped by user"), "stopped by user, 10:31:07 UTC, not live"),
        (Status("stopped"), "stopped, 10:31:07 UTC, not live"),
    ],
)
def test_a_stopped_stream_is_not_live(status: Status, words: str) -> None:
    notice = notice_of(status, scene())
    assert (notice.stamp, notice.middle) == (words, ())


def test_a_stopped_chart_is_not_live_though_the_stream_is() -> None:
    notice = notice_of(Status("running"), scene(stopped="chart stopped"))
    assert notice.stamp == "chart stopped, 10:31:07 UTC, not live"


def test_finished() -> None:
    assert notice_of(Status("finished"), scene()).state == "finished, 10:31:07 UTC"
    assert notice_of(Status("finished"), scene(0)).middle == (
        "ohlcv on localhost:9092 has ended without rows",
    )


def test_a_failure_is_told_in_lines_that_fit() -> None:
    notice = notice_of(Status("failed", message="word " * 200), scene())
    assert notice.error
    assert notice.grey
    assert notice.middle[0].startswith("failed: word")
    assert len(notice.middle) == 5
    assert max(len(line) for line in notice.middle[1:]) <= 92
