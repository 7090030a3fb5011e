import os

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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_cannot_change_it_and_ends_by_itself() -> None:
    with hr.MockBroker(bars=1) as broker:
        child = os.fork()
        if child == 0:
            with pytest.raises(hr.errors.HeadraceError, match="forked child"):
                broker.create_topic("more")
            broker.close()
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        broker.create_topic("more")
