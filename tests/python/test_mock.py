import pytest

import headrace as hr


def test_a_closed_broker_says_so() -> None:
    broker = hr.MockBroker(a=1)
    assert broker.bootstrap.startswith(("127.0.0.1:", "localhost:"))
    broker.create_topic("b", 2)
    broker.close()
    with pytest.raises(RuntimeError, match="closed"):
        _ = broker.bootstrap
    assert repr(broker) == "MockBroker(closed)"
