"""A schema that is not known yet: a topic is looked at until it has records."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from headrace import inference, samples
from headrace.errors import BrokerUnavailable, Cancelled, HeadraceError, SchemaError, TopicNotFound
from headrace.samples import Sampled

if TYPE_CHECKING:
    from headrace.schema import Schema

__all__ = ["Pending"]

_log = logging.getLogger("headrace.kafka")

_LOOK_S = 2.0  # what one look at a topic may take
_PAUSE_S = 0.25  # between two looks of a caller who waits
# A producer that has just begun: a number that is 100 now may be 100.5 in its second record.
_ENOUGH, _SETTLE_S = 20, 1.0


class Sampler(Protocol):
    """A source that can be looked at."""

    @property
    def strict(self) -> bool:
        """Whether a missing topic is an error."""

    def sample(
        self,
        oldest: int,
        newest: int,
        timeout: float,
        stop: Callable[[], bool] | None = None,
    ) -> list[Sampled]:
        """Return the first and the last records; Cancelled soon after `stop` returns true."""

    def title(self) -> str:
        """Name it in a sentence: ``topic "ohlcv" on localhost:9092``."""


class Pending:
    """A schema to be inferred as soon as there are records; shared by all streams of one source.

    Any thread may use it. Once there, the schema stays as it is.

    Parameters
    ----------
    source : Sampler
        Where to look.
    event_time, key : str, optional
        As for :func:`headrace.kafka`.

    Examples
    --------
    >>> import headrace as hr
    >>> with hr.MockBroker(ohlcv=1) as broker:
    ...     pending = hr.kafka("ohlcv", bootstrap=broker.bootstrap)._pending
    >>> pending.schema is None, pending.reason.partition(" on ")[0]
    (True, 'topic "ohlcv"')
    """

    def __init__(self, source: Sampler, event_time: str | None, key: str | None) -> None:
        self.schema: Schema | None = None
        self.reason = f"{source.title()} was not looked at yet"
        self.reached = False  # whether a broker answered the last look
        self.ever_reached = False
        self.empty = False  # whether the topic is there, without records
        self._source = source
        self._roles = {"event_time": event_time, "key": key}
        self._looking = threading.Lock()
        self._first_seen: float | None = None
        self._failures = 0

    def look(
        self,
        seconds: float = _LOOK_S,
        *,
        settle: bool = False,
        stop: Callable[[], bool] | None = None,
    ) -> bool:
        """Look at the source once; True when the schema is known.

        Parameters
        ----------
        seconds : float
            What it may take.
        settle : bool
            Whether to ask for a second look where there are only a few records.
        stop : callable, optional
            Asked while it waits; the look ends soon after it returns true.

        Raises
        ------
        HeadraceError
            What waiting does not mend: refused credentials, records that are not JSON, a misspelt
            event time or key, and a missing topic where the source is strict.
        """
        with self._looking:
            if self.schema is not None:
                return True
            found = self._records(seconds, stop)
            if found and not (settle and self._may_be_more(len(found))):
                self.schema = inference.infer(found, **self._roles, origin=self._source.title())
            return self.schema is not None

    @property
    def named_key(self) -> str | None:
        """The key that the user named: one that is guessed is not known before the records."""
        return self._roles["key"]

    def _records(self, seconds: float, stop: Callable[[], bool] | None) -> list[Sampled]:
        self.empty = False
        try:
            found = self._source.sample(samples.OLDEST, samples.NEWEST, seconds, stop)
        except TopicNotFound as error:
            if self._source.strict:
                raise
            self._note(f"{error}; waiting", reached=True)
            return []
        except Cancelled:
            return []
        except HeadraceError as error:
            if not error.retriable:
                raise
            self._failures += 1
            if self._failures == 1:  # once an outage, as the core does for a stream that runs
                _log.warning("connection: %s; retrying", error)
            self._note(f"{error}; retrying (attempt {self._failures})", reached=False)
            return []
        values = [record for record in found if record.value is not None]
        self._note(f"{self._source.title()} has no records yet; waiting", reached=True)
        self.empty = not values
        return values

    def _note(self, reason: str, *, reached: bool) -> None:
        if reached and self._failures:
            _log.info("connection: %s answers again", self._source.title())
        self.reason, self.reached = reason, reached
        self.ever_reached = self.ever_reached or reached
        if reached:
            self._failures = 0

    def _may_be_more(self, count: int) -> bool:
        now = time.monotonic()
        self._first_seen = self._first_seen or now
        self.reason = f"looking at the first records of {self._source.title()}"
        return count < _ENOUGH and now - self._first_seen < _SETTLE_S

    def wait(self, timeout: float | None) -> None:
        """Look until something is known: the schema, or that the broker is there without records.

        Raises
        ------
        BrokerUnavailable
            If no broker answered within `timeout` seconds.
        """
        deadline = time.monotonic() + (timeout or _LOOK_S)
        while not self.look(min(max(deadline - time.monotonic(), 0.1), _LOOK_S)):
            if self.reached or timeout is None:
                return
            if time.monotonic() >= deadline:
                raise self.unavailable(timeout)
            time.sleep(_PAUSE_S)

    def unavailable(self, timeout: float) -> BrokerUnavailable:
        """Return the error to raise where no broker answered in time."""
        cause = self.reason.partition("; retrying")[0]
        return BrokerUnavailable(
            f"{cause}; gave up after {timeout:g} s", "broker_unavailable", retriable=True
        )

    def without_records(self) -> SchemaError:
        """Return the error to raise where there are no records and none will come."""
        return SchemaError(
            f"{self._source.title()} has no records, so its columns are not known; "
            "give schema=hr.Schema({...})"
        )

    def known(self) -> Schema:
        """Return the schema; where it is not there yet, an error says why."""
        if self.schema is None:
            raise SchemaError(
                f"the columns of {self._source.title()} are not known yet: {self.reason}. They are "
                "inferred when records are there; schema=hr.Schema({...}) gives them now"
            )
        return self.schema
