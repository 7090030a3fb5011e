"""Dead letters on a real Kafka: as a frame, and back to where they came from, exactly once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import headrace as hr
from headrace import errors
from headrace.broker import TemporaryBroker
from headrace.replay import produce
from tests.integration.support import new_topic, until
from tests.prove import oracle
from tests.prove.experiments import deaths

confluent_kafka = pytest.importorskip("confluent_kafka", reason="the oracle is another client")
pytestmark = [
    pytest.mark.broker,
    pytest.mark.filterwarnings("ignore::headrace.errors.RejectedWarning"),
]

SCHEMA = hr.Schema({"id": hr.int64, "key": hr.string}, key="key")


def bad(number: int) -> bytes:
    """Give a record with a field that is no number (odd), or none at all (even)."""
    return b'{"id": "n%d", "key": "a"}' % number if number % 2 else b"no JSON %d" % number


class Job:
    """A stream that sets its bad records aside, with topics of its own."""

    def __init__(self, kafka: TemporaryBroker, partitions: int = 1) -> None:
        self.boot = kafka.bootstrap
        self.source, self.target, self.letters = (
            new_topic(self.boot, partitions) for _ in range(3)
        )

    def run(self, *numbers: int) -> hr.DeadLetters:
        """Write bad records, have them set aside, and give all dead letters so far."""
        before = len(hr.dead_letters(self.letters, bootstrap=self.boot))
        produce([(b"k%d" % n, bad(n)) for n in numbers], to=self.source, bootstrap=self.boot)
        return self.go_on(before + len(numbers))

    def go_on(self, count: int) -> hr.DeadLetters:
        stream = hr.kafka(self.source, bootstrap=self.boot, schema=SCHEMA, group=self.source)
        live = stream.to_kafka(self.target, dead_letters=self.letters).run(commit_interval="20ms")
        try:
            until(lambda: len(self.read()) >= count)
        finally:
            live.stop()
        return self.read()

    def read(self) -> hr.DeadLetters:
        return hr.dead_letters(self.letters, bootstrap=self.boot)

    def values(self, topic: str) -> Counter[bytes]:
        return Counter(value for _, _, value in oracle.read(self.boot, topic))


def test_what_was_set_aside_is_a_frame(kafka: TemporaryBroker) -> None:
    job = Job(kafka)
    table = job.run(0, 1).frame()
    assert list(table["reason"]) == ["invalid_json", "wrong_type"]
    assert list(table["field"]) == ["", "id"]
    assert set(table["topic"]) == {job.source}
    assert list(table["offset"]) == [0, 1]
    assert list(table["value"]) == [bad(0), bad(1)]
    assert list(table["key"]) == [b"k0", b"k1"]
    assert list(table["attempt"]) == [1, 1]
    assert table["whole"].all()
    assert table["timestamp"].notna().all()
    assert len(hr.dead_letters(job.letters, bootstrap=job.boot, limit=1)) == 1


def test_each_is_written_again_once_and_its_attempts_are_counted(kafka: TemporaryBroker) -> None:
    job = Job(kafka)
    letters = job.run(*range(6))
    assert letters.redrive({"reason": "wrong_type"}) == (3, 0, 0)
    assert letters.redrive({"reason": "wrong_type"}) == (0, 3, 0)
    assert letters.redrive() == (3, 3, 0)
    assert job.values(job.source) == Counter({bad(n): 2 for n in range(6)})
    again = job.go_on(12).frame()
    assert list(again["attempt"]) == [1] * 6 + [2] * 6
    pairs = again.groupby("value")["timestamp"].nunique()
    assert (pairs == 1).all()  # the original time
    assert job.read().redrive(lambda frame: frame["attempt"] < 2) == (0, 6, 0)
    assert job.read().redrive(lambda frame: frame["attempt"] == 2) == (6, 0, 0)
    third = job.go_on(18).frame()
    assert list(third["attempt"][12:]) == [3] * 6


def test_what_breaks_a_rule_is_counted_as_well(kafka: TemporaryBroker) -> None:
    job = Job(kafka)
    stream = hr.kafka(job.source, bootstrap=job.boot, schema=SCHEMA, group=job.source)
    sink = stream.validate(hr.col("id") > 0).to_kafka(job.target, dead_letters=job.letters)
    write(job.boot, job.source, [b'{"id": 0,  "key": "a"}', b'{"id": 1, "key": "a"}'])
    with sink.run(commit_interval="20ms"):
        for attempt in (1, 2, 3):
            until(lambda count=attempt: len(job.read()) == count)
            assert job.read().redrive() == (1, attempt - 1, 0)
    table = job.read().frame()
    assert list(table["attempt"][:3]) == [1, 2, 3]
    assert set(table["value"]) == {b'{"id": 0,  "key": "a"}'}  # its bytes, not the row
    assert table["whole"].all()


def test_they_can_go_elsewhere_and_each_group_has_its_own_positions(
    kafka: TemporaryBroker,
) -> None:
    job = Job(kafka, partitions=2)
    letters = job.run(*range(40))
    other = new_topic(job.boot)
    odd = {"reason": ["wrong_type"], "topic": job.source}
    assert letters.redrive(odd, to=other, group=f"own-{other}") == (20, 0, 0)
    assert letters.redrive(to=other, group=f"own-{other}") == (20, 20, 0)
    assert job.values(other) == Counter(map(bad, range(40)))
    assert letters.redrive(to=other, group=f"else-{other}") == (40, 0, 0)


def test_new_letters_behind_those_that_are_done(kafka: TemporaryBroker) -> None:
    job = Job(kafka)
    other = new_topic(job.boot)
    early = job.run(0, 1, 2)
    late = job.run(3, 4)
    assert late.redrive({"value": bad(3)}, to=other) == (1, 0, 0)
    assert early.redrive(to=other) == (3, 0, 0)  # knows nothing of the later ones
    few = hr.dead_letters(job.letters, bootstrap=job.boot, limit=2)
    assert few.redrive(to=other) == (1, 1, 0)
    assert job.values(other) == Counter(map(bad, range(5)))


CHILD = """
import sys
import headrace as hr
letters, bootstrap, other = sys.argv[1:]
print(hr.dead_letters(letters, bootstrap=bootstrap).redrive(to=other))
"""


@pytest.mark.skipif(not deaths.has_failpoints(), reason="built without HEADRACE_FAILPOINTS")
def test_a_redrive_that_is_killed_anywhere_is_gone_on_with(
    kafka: TemporaryBroker, tmp_path: Path
) -> None:
    places = [name for name in deaths.failpoints() if name.startswith("redrive.")]
    assert len(places) == 4
    job = Job(kafka, partitions=2)
    numbers = range(2_500)  # three transactions
    job.run(*numbers)
    other = new_topic(job.boot)
    (tmp_path / "child.py").write_text(CHILD)
    command = [sys.executable, str(tmp_path / "child.py"), job.letters, job.boot, other]
    for place in places:
        child = subprocess.run(
            command, env={**os.environ, "HEADRACE_FAILPOINTS": f"{place}=kill@1"}, check=False
        )
        assert child.returncode == -9
    subprocess.run(command, check=True)
    assert job.values(other) == Counter(map(bad, numbers))
    assert job.read().redrive(to=other) == (0, 2_500, 0)


def write(boot: str, topic: str, values: list[bytes], **settings: object) -> None:
    """Write records that may be large, by another client."""
    most = {"bootstrap.servers": boot, "message.max.bytes": 8_000_000}
    producer = confluent_kafka.Producer({**most, **settings})
    for value in values:
        producer.produce(topic, value, b"k")
        producer.flush(30)  # each in a batch of its own


def test_a_dead_letter_that_hardly_fitted_in_is_cut_and_stays(kafka: TemporaryBroker) -> None:
    job = Job(kafka)
    large = b"x" * 1_047_000  # with the headers of a dead letter it is more than a topic takes
    write(job.boot, job.source, [bad(0), large, bad(1)])
    letters = job.go_on(3)
    table = letters.frame()
    assert list(table["whole"]) == [True, False, True]
    assert large.startswith(table["value"][1])
    assert len(table["value"][1]) == 512 * 1024
    headers = oracle_headers(job.boot, job.letters, int(table["letter_offset"][1]))
    assert headers["headrace.value_bytes"] == b"1047000"
    assert len(headers["headrace.value_crc32c"]) == 8
    assert letters.redrive() == (2, 0, 1)


def oracle_headers(boot: str, topic: str, offset: int) -> dict[str, bytes]:
    consumer = oracle.consumer(boot)
    consumer.assign([confluent_kafka.TopicPartition(topic, 0, offset)])
    message = consumer.poll(30)
    consumer.close()
    return dict(message.headers())


def test_a_batch_that_cannot_be_unpacked_is_set_aside_once(kafka: TemporaryBroker) -> None:
    job = Job(kafka)
    job.source = new_topic(job.boot, max_message_bytes="8000000")
    good = [b'{"id": %d, "key": "a"}' % n for n in range(20)]
    bomb = b"x" * 3_000_000  # zstd makes some 300 bytes of it, a reader has room for one million
    small = {"receive.message.max.bytes": "1000512", "fetch.max.bytes": "1000000"}
    small |= {"fetch.message.max.bytes": "500000", "message.max.bytes": "500000"}
    stream = hr.kafka(job.source, bootstrap=job.boot, schema=SCHEMA, group=job.source, config=small)
    sink = stream.to_kafka(job.target, dead_letters=job.letters)
    write(job.boot, job.source, [*good[:10], bomb], **{"compression.type": "zstd"})
    with sink.run(commit_interval="20ms"):
        until(lambda: len(job.read()) == 1)
    write(job.boot, job.source, [bomb, *good[10:]], **{"compression.type": "zstd"})
    with sink.run(commit_interval="20ms"):  # a restart behind the first one
        until(lambda: sum(job.values(job.target).values()) == 20)
    assert job.values(job.target) == Counter(good_row(n) for n in range(20))
    table = job.read().frame()
    assert list(table["reason"]) == ["broker", "broker"]
    assert list(table["offset"]) == [10, 11]
    assert not table["whole"].any()
    assert job.read().redrive() == (0, 0, 2)


def good_row(number: int) -> bytes:
    return b'{"id":%d,"key":"a"}' % number


def test_what_is_not_there_is_said_before_anything_is_written(kafka: TemporaryBroker) -> None:
    with pytest.raises(errors.TopicNotFound, match="no-such-letters"):
        hr.dead_letters("no-such-letters", bootstrap=kafka.bootstrap)
    letters = Job(kafka).run(0)
    with pytest.raises(errors.TopicNotFound, match="no-such-target"):
        letters.redrive(to="no-such-target")
    assert letters.redrive() == (1, 0, 0)


def test_an_older_redrive_is_ended_by_a_newer_one(kafka: TemporaryBroker) -> None:
    from headrace import _core

    job = Job(kafka)
    job.run(0)
    old, new = (_core.Redrive(job.boot, {}, f"g-{job.source}") for _ in range(2))
    old.open(job.letters, [0])
    new.open(job.letters, [0])
    record = (job.source, None, b"late", -1, 1)
    with pytest.raises(errors.Fenced):
        old.write([record], [(job.letters, 0, 1, "1:")])
    assert job.values(job.source)[b"late"] == 0
