from pathlib import Path

from headrace.samples import NEWEST, OLDEST, Sampled, extent, of_json, of_lines


def at(*offsets: int, topic: str = "ohlcv", partition: int = 0) -> list[Sampled]:
    return [Sampled(topic, partition, offset, -1, None, b"{}") for offset in offsets]


def test_a_record_names_its_place() -> None:
    assert at(7)[0].place == "ohlcv[0]@7"
    assert of_json({"x": 1})[0].place == "#0"


def test_extents_name_the_two_ends_or_the_whole() -> None:
    assert extent(at(5)) == "1 record: ohlcv[0] offset 5"
    assert extent(at(0, 1, 2)) == "3 records: ohlcv[0] offsets 0 to 2"
    assert extent(at(0, 1, 8, 9)) == "4 records: ohlcv[0] offsets 0 to 1 and 8 to 9"
    assert extent(at(0, 2, 4, 9)) == "4 records: ohlcv[0] offsets 0 to 9"  # markers between
    many = [record for partition in range(9) for record in at(1, partition=partition)]
    assert extent(many).endswith("ohlcv[3] offset 1, and 5 partitions more")
    assert extent(of_json([{}, {}])) == "2 records"


def test_samples_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_text('{"x": 1}\n' * 1000)
    assert len(of_json(path)) == OLDEST + NEWEST
    assert len(of_json([{"x": 1}] * 1000)) == OLDEST + NEWEST
    assert [record.value for record in of_lines([b"\n", b" a \n", b"b"])] == [b"a", b"b"]
