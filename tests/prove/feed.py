"""Writes the records: at a rate, in shares, whatever happens to the broker meanwhile."""

from __future__ import annotations

import threading
import time

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from tests.prove.records import Records

_TICK_S = 0.01


class Feeder(threading.Thread):
    """Produces records in order, each once, up to what was released.

    The broker may die: the idempotent producer keeps what is not acknowledged and sends it when the
    broker is back, in order and not twice.
    """

    def __init__(
        self, bootstrap: str, topic: str, records: Records, rate: float, *, first: int = 0
    ) -> None:
        super().__init__(name="feeder", daemon=True)
        self.rate = rate
        self._topic = topic
        self._records = records
        self._released = self._sent = first
        self._ended = threading.Event()
        self._failure: Exception | None = None
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "linger.ms": 5,
                "message.timeout.ms": 600_000,
                "queue.buffering.max.messages": 500_000,
                "delivery.report.only.error": True,
                "reconnect.backoff.ms": 20,
                "reconnect.backoff.max.ms": 100,
                "log_level": 0,
            }
        )

    @property
    def sent(self) -> int:
        """Records handed to the producer so far."""
        return self._sent

    @property
    def done(self) -> bool:
        """Whether everything that was released is acknowledged."""
        return self._sent >= self._released and len(self._producer) == 0

    def release(self, count: int) -> None:
        """Let so many more records flow."""
        self._released = min(self._records.count, self._released + count)

    def release_all(self) -> None:
        """Let all the rest flow."""
        self._released = self._records.count

    def wait(self, timeout: float = 600.0) -> None:
        """Return when everything that was released is acknowledged."""
        deadline = time.monotonic() + timeout
        while not self.done:
            self.check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._topic}: {len(self._producer)} records not acknowledged")
            time.sleep(_TICK_S)
        self.check()

    def check(self) -> None:
        """Raise what has kept a record from being written."""
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Stop; what is not acknowledged by then is not waited for, what was refused is raised."""
        self._ended.set()
        self.join(timeout=10)
        self._producer.poll(0)
        self.check()

    def run(self) -> None:
        """Send what the rate and the releases allow."""
        allowance, last = 0.0, time.monotonic()
        try:
            while not self._ended.is_set():
                now = time.monotonic()
                allowance = min(allowance + (now - last) * self.rate, self.rate * 0.25)
                last = now
                share = min(int(allowance), self._released - self._sent)
                for i in range(self._sent, self._sent + max(share, 0)):
                    self._send(i)
                self._sent += max(share, 0)
                allowance -= max(share, 0)
                self._producer.poll(0)
                time.sleep(_TICK_S)
        except Exception as error:  # told by wait()
            self._failure = error

    def _send(self, i: int) -> None:
        record = self._records.record(i)
        while not self._ended.is_set():
            try:
                self._producer.produce(
                    self._topic,
                    record.value,
                    record.key,
                    record.partition,
                    on_delivery=self._delivered,
                )
                return
            except BufferError:
                self._producer.poll(0.1)

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._failure = KafkaException(error)
