"""Consumer groups on a real Kafka: two workers share, take over, and hand nothing on twice."""

import pytest

import headrace as hr
from headrace import _core
from headrace.replay import produce
from tests.integration.support import new_topic, until

SCHEMA = hr.Schema({"x": hr.int64})


def numbers(first: int, last: int) -> list[tuple[bytes, bytes]]:
    return [(b"%d" % (i % 97), b'{"x": %d}' % i) for i in range(first, last)]


@pytest.mark.parametrize("strategy", ["range,roundrobin", "cooperative-sticky"])
def test_two_workers_share_the_partitions_and_one_takes_over(kafka, strategy: str) -> None:
    topic = new_topic(kafka.bootstrap, 4)
    stream = hr.kafka(
        topic,
        bootstrap=kafka.bootstrap,
        schema=SCHEMA,
        group=f"share-{topic}",
        config={"partition.assignment.strategy": strategy, "session.timeout.ms": "6000"},
    )
    first = stream.run()
    until(lambda: len(first.status().tasks) == 4)
    second = stream.run()
    until(lambda: len(first.status().tasks) == 2 and len(second.status().tasks) == 2)

    produce(numbers(0, 5000), to=topic, bootstrap=kafka.bootstrap)
    until(lambda: first.status().rows + second.status().rows >= 5000)
    seen = [x for live in (first, second) for x in live.frame(last=10_000)["x"]]
    assert sorted(seen) == list(range(5000))

    second.stop()  # commits what it has acknowledged and leaves the group
    until(lambda: len(first.status().tasks) == 4)
    before = len(first.frame(last=100_000))
    produce(numbers(5000, 6000), to=topic, bootstrap=kafka.bootstrap)
    until(lambda: set(range(5000, 6000)) <= set(first.frame(last=100_000)["x"]))
    taken_over = first.frame(last=100_000)["x"].tolist()[before:]
    assert sorted(taken_over) == list(range(5000, 6000))
    first.stop()


def test_partitions_added_later_are_read_from_their_beginning(kafka) -> None:
    from confluent_kafka.admin import AdminClient, NewPartitions

    topic = new_topic(kafka.bootstrap, 1)
    live = hr.kafka(topic, bootstrap=kafka.bootstrap, schema=SCHEMA, start="latest").run()
    until(lambda: len(live.status().tasks) == 1)
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    for future in admin.create_partitions([NewPartitions(topic, 3)]).values():
        future.result(timeout=30)
    produce(numbers(0, 300), to=topic, bootstrap=kafka.bootstrap)  # before they are discovered
    marks = _core.Admin(kafka.bootstrap, {}).watermarks(topic, 20_000)
    assert sum(high for _, high in marks.values()) == 300
    until(lambda: live.status().rows == 300)
    live.stop()
