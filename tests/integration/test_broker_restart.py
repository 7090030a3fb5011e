"""A broker that goes away and comes back: nothing lost, nothing doubled, and it is said."""

import pytest

import headrace as hr
from headrace.broker import TemporaryBroker
from headrace.replay import produce
from tests.integration.support import new_topic, until

SCHEMA = hr.Schema({"x": hr.int64})


@pytest.mark.broker
@pytest.mark.parametrize("group", [None, "survives"])
def test_a_stream_survives_a_restart(tmp_path, kafka, group: str | None) -> None:
    with TemporaryBroker(data_dir=tmp_path) as broker:
        topic = new_topic(broker.bootstrap, 2)
        numbers = [(b"%d" % (i % 50), b'{"x": %d}' % i) for i in range(2000)]
        produce(numbers[:1000], to=topic, bootstrap=broker.bootstrap)
        live = hr.kafka(topic, bootstrap=broker.bootstrap, schema=SCHEMA, group=group).run()
        until(lambda: live.status().rows == 1000)
        broker.kill()
        until(lambda: broker.bootstrap in live.status().message)
        assert live.status().state == "running"
        assert len(live.frame(last=5000)) == 1000  # looking works while the broker is away
        broker.restart()
        produce(numbers[1000:], to=topic, bootstrap=broker.bootstrap)
        until(lambda: live.status().rows >= 2000, seconds=120)
        assert sorted(live.frame(last=5000)["x"]) == list(range(2000))
        until(lambda: live.status().message == "")
        live.stop()
